//! The requests and answers of `../README.md`.

use serde::{Deserialize, Serialize};

/// Bytes, which JSON carries as hexadecimal digits.
#[derive(Clone, Deserialize, Serialize)]
#[serde(transparent)]
pub struct Bytes(#[serde(with = "hex::serde")] pub Vec<u8>);

impl From<&[u8]> for Bytes {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

/// One line of input.
#[derive(Deserialize)]
pub struct Request {
    pub id: u64,
    #[serde(default)]
    pub client: String,
    #[serde(flatten)]
    pub operation: Operation,
}

/// What is to be done, with its members.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Operation {
    About,
    Client {
        suite: u16,
        identity: Bytes,
        extensions: Vec<u16>,
        proposals: Vec<u16>,
    },
    KeyPackage,
    Create {
        group_id: Bytes,
        extensions: Vec<Extension>,
    },
    Join {
        welcome: Bytes,
        tree: Option<Bytes>,
    },
    ExternalJoin {
        group_info: Bytes,
        tree: Option<Bytes>,
        #[serde(default)]
        self_removes: Vec<Bytes>,
    },
    Observe {
        group_info: Bytes,
        tree: Option<Bytes>,
    },
    Propose {
        proposal: Proposal,
        public: bool,
    },
    Commit {
        proposals: Vec<Proposal>,
        public: bool,
        path: bool,
        tree: bool,
    },
    Process {
        message: Bytes,
    },
    Send {
        data: Bytes,
    },
    GroupInfo {
        tree: bool,
    },
    Tree,
    Export {
        label: String,
        context: Bytes,
        length: usize,
    },
    ExportComponent {
        component: u16,
    },
    Psk {
        psk_id: Bytes,
        component: Option<u16>,
        psk: Bytes,
    },
    State,
    Forget,
}

/// An extension of a GroupContext, by the number of its type.
#[derive(Deserialize)]
pub struct Extension {
    pub r#type: u16,
    pub data: Bytes,
}

/// A proposal as the tester describes it.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Proposal {
    Add { key_package: Bytes },
    Remove { leaf: u32 },
    Update,
    Psk { psk_id: Bytes, component: Option<u16> },
    GroupContextExtensions { extensions: Vec<Extension> },
    AppDataUpdate { component: u16, data: Option<Bytes> },
    AppEphemeral { component: u16, data: Bytes },
    SelfRemove,
}

/// One line of output.
#[derive(Serialize)]
pub struct Answer {
    pub id: u64,
    #[serde(flatten)]
    pub outcome: Outcome,
}

/// What an operation gave, or why it gave nothing.
#[derive(Serialize)]
#[serde(untagged)]
pub enum Outcome {
    Done {
        nanoseconds: u64,
        #[serde(flatten)]
        results: Results,
    },
    Failed {
        error: String,
    },
}

/// The results of every operation; each sets its own.
#[derive(Default, Serialize)]
#[serde(default)]
pub struct Results {
    #[serde(flatten)]
    pub about: Option<About>,
    #[serde(flatten)]
    pub state: Option<State>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key_package: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub welcome: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub message: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group_info: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tree: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<Bytes>,
}

#[derive(Serialize)]
pub struct About {
    pub implementation: &'static str,
    pub version: &'static str,
    pub suites: Vec<u16>,
    pub abilities: Vec<&'static str>,
}

#[derive(Serialize)]
pub struct State {
    pub epoch: u64,
    pub tree_hash: Bytes,
    pub confirmed_transcript_hash: Bytes,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch_authenticator: Option<Bytes>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub leaf: Option<u32>,
    pub members: Vec<Member>,
    pub components: Vec<Component>,
    pub active: bool,
}

#[derive(Serialize)]
pub struct Member {
    pub leaf: u32,
    pub identity: Bytes,
}

#[derive(Serialize)]
pub struct Component {
    pub component: u16,
    pub data: Bytes,
}
