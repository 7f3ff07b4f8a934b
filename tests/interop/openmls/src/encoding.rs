//! Structures from and to their encoding.

use std::error::Error;

use openmls::messages::group_info::VerifiableGroupInfo;
use openmls::prelude::tls_codec::{Deserialize, Serialize};
use openmls::prelude::*;
use openmls_rust_crypto::OpenMlsRustCrypto;

use crate::protocol::{self, Bytes};

/// What works, or a sentence for the tester.
pub type Outcome<T> = Result<T, Box<dyn Error>>;

pub fn group_context_extensions(extensions: &[protocol::Extension]) -> Outcome<Extensions<GroupContext>> {
    let extensions = extensions
        .iter()
        .map(|extension| {
            let mut bytes = extension.r#type.to_be_bytes().to_vec();
            bytes.extend(VLBytes::from(extension.data.0.as_slice()).tls_serialize_detached()?);
            Ok(Extension::tls_deserialize_exact(bytes)?)
        })
        .collect::<Outcome<Vec<_>>>()?;
    Ok(Extensions::from_vec(extensions)?)
}

pub fn validated(provider: &OpenMlsRustCrypto, key_package: &Bytes) -> Outcome<KeyPackage> {
    let MlsMessageBodyIn::KeyPackage(key_package) = decoded::<MlsMessageIn>(key_package)?.extract() else {
        return Err("the message is not a KeyPackage".into());
    };
    Ok(key_package.validate(provider.crypto(), ProtocolVersion::Mls10)?)
}

pub fn verifiable_group_info(group_info: &Bytes) -> Outcome<VerifiableGroupInfo> {
    match decoded::<MlsMessageIn>(group_info)?.extract() {
        MlsMessageBodyIn::GroupInfo(group_info) => Ok(group_info),
        _ => Err("the message is not a GroupInfo".into()),
    }
}

pub fn public_message(message: &Bytes) -> Outcome<PublicMessageIn> {
    match decoded::<MlsMessageIn>(message)?.extract() {
        MlsMessageBodyIn::PublicMessage(message) => Ok(message),
        _ => Err("the message is not a PublicMessage".into()),
    }
}

pub fn ratchet_tree(tree: Option<Bytes>) -> Outcome<Option<RatchetTreeIn>> {
    tree.as_ref().map(decoded).transpose()
}

pub fn decoded<T: Deserialize>(bytes: &Bytes) -> Outcome<T> {
    Ok(T::tls_deserialize_exact(&bytes.0)?)
}

pub fn encoded<T: Serialize>(value: &T) -> Outcome<Bytes> {
    Ok(Bytes(value.tls_serialize_detached()?))
}
