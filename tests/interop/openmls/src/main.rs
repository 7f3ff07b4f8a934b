//! `openmls` behind the protocol of `../README.md`: requests on stdin, answers on stdout, one JSON object per line.

mod client;
mod encoding;
mod protocol;

use std::collections::HashMap;
use std::error::Error;
use std::io::{BufRead, Write};
use std::time::Instant;

use client::Client;
use openmls::prelude::{Ciphersuite, OpenMlsCrypto, OpenMlsProvider};
use openmls_rust_crypto::OpenMlsRustCrypto;
use protocol::{About, Answer, Operation, Outcome, Request, Results};

fn main() -> Result<(), Box<dyn Error>> {
    let mut clients = HashMap::new();
    let mut output = std::io::stdout().lock();
    for line in std::io::stdin().lock().lines() {
        let Request { id, client, operation } = serde_json::from_str(&line?)?;
        let started = Instant::now();
        let outcome = match perform(&mut clients, client, operation) {
            Ok(results) => Outcome::Done { nanoseconds: started.elapsed().as_nanos().try_into()?, results },
            Err(error) => Outcome::Failed { error: format!("{error} ({error:?})") },
        };
        serde_json::to_writer(&mut output, &Answer { id, outcome })?;
        output.write_all(b"\n")?;
        output.flush()?;
    }
    Ok(())
}

fn perform(
    clients: &mut HashMap<String, Client>,
    name: String,
    operation: Operation,
) -> Result<Results, Box<dyn Error>> {
    match operation {
        Operation::About => Ok(about()),
        Operation::Client { suite, identity, extensions, proposals } => {
            clients.insert(name, Client::new(suite, identity.0, &extensions, &proposals)?);
            Ok(Results::default())
        }
        Operation::Forget => {
            clients.remove(&name);
            Ok(Results::default())
        }
        operation => clients.get_mut(&name).ok_or("no client has this name")?.perform(operation),
    }
}

fn about() -> Results {
    let crypto = OpenMlsRustCrypto::default();
    let supported = |suite: &Ciphersuite| crypto.crypto().supports(*suite).is_ok();
    Results {
        about: Some(About {
            implementation: "openmls",
            version: "0.9.2",
            suites: (1..=7)
                .filter_map(|number| Ciphersuite::try_from(number).ok())
                .filter(supported)
                .map(u16::from)
                .collect(),
            abilities: vec!["update", "psk", "group_context_extensions", "resync", "observe", "extensions"],
        }),
        ..Results::default()
    }
}
