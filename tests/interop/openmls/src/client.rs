//! One client: its keys, and its place in a group or beside it.

use openmls::component::ComponentData;
use openmls::prelude::*;
use openmls::schedule::psk::ApplicationPsk;
use openmls::schedule::{ExternalPsk, PreSharedKeyId, Psk};
use openmls_basic_credential::SignatureKeyPair;
use openmls_rust_crypto::OpenMlsRustCrypto;

use crate::encoding::{
    Outcome, decoded, encoded, group_context_extensions, public_message, ratchet_tree, validated, verifiable_group_info,
};
use crate::protocol::{self, Bytes, Operation, Results};

/// How many epochs back a message may still be read.
const PAST_EPOCHS: usize = 4;
/// How many messages late, and how many early.
const OUT_OF_ORDER: u32 = 32;
const SKIPPED: u32 = 1000;

enum Place {
    Outside,
    Member(Box<MlsGroup>),
    Observer(Box<PublicGroup>),
}

pub struct Client {
    provider: OpenMlsRustCrypto,
    suite: Ciphersuite,
    signer: SignatureKeyPair,
    credential: CredentialWithKey,
    capabilities: Capabilities,
    place: Place,
}

impl Client {
    pub fn new(suite: u16, identity: Vec<u8>, extensions: &[u16], proposals: &[u16]) -> Outcome<Self> {
        let suite = Ciphersuite::try_from(suite)?;
        let signer = SignatureKeyPair::new(suite.signature_algorithm())?;
        let credential = CredentialWithKey {
            credential: BasicCredential::new(identity).into(),
            signature_key: signer.to_public_vec().into(),
        };
        let capabilities = Capabilities::builder()
            .ciphersuites(vec![suite])
            .extensions(extensions.iter().copied().map(ExtensionType::from).collect())
            .proposals(proposals.iter().copied().map(ProposalType::from).collect())
            .build();
        let provider = OpenMlsRustCrypto::default();
        Ok(Self { provider, suite, signer, credential, capabilities, place: Place::Outside })
    }

    pub fn perform(&mut self, operation: Operation) -> Outcome<Results> {
        let mut results = Results::default();
        match operation {
            Operation::KeyPackage => results.key_package = Some(self.key_package()?),
            Operation::Create { group_id, extensions } => self.create(&group_id.0, &extensions)?,
            Operation::Join { welcome, tree } => self.join(&welcome, tree)?,
            Operation::ExternalJoin { group_info, tree, self_removes } => {
                results.commit = Some(self.external_join(&group_info, tree, &self_removes)?);
            }
            Operation::Observe { group_info, tree } => self.observe(&group_info, tree)?,
            Operation::Propose { proposal, public } => {
                results.message = Some(self.propose(proposal, public)?);
            }
            Operation::Commit { proposals, public, path, tree } => {
                let (commit, welcome) = self.commit(proposals, public, path, tree)?;
                results.commit = Some(commit);
                results.welcome = welcome;
            }
            Operation::Process { message } => {
                let (kind, data) = self.process(&message)?;
                results.kind = Some(kind);
                results.data = data;
            }
            Operation::Send { data } => {
                let (group, provider, signer) = self.member()?;
                results.message = Some(encoded(&group.create_message(provider, signer, &data.0)?)?);
            }
            Operation::GroupInfo { tree } => {
                let (group, provider, signer) = self.member()?;
                let message = group.export_group_info(provider.crypto(), signer, tree)?;
                results.group_info = Some(encoded(&message)?);
            }
            Operation::Tree => {
                let (group, ..) = self.member()?;
                results.tree = Some(encoded(&group.export_ratchet_tree())?);
            }
            Operation::Export { label, context, length } => {
                let (group, provider, _) = self.member()?;
                let secret = group.export_secret(provider.crypto(), &label, &context.0, length)?;
                results.secret = Some(Bytes(secret));
            }
            Operation::ExportComponent { component } => {
                let (group, provider, _) = self.member()?;
                let secret = group.safe_export_secret(provider.crypto(), provider.storage(), component)?;
                results.secret = Some(Bytes(secret));
            }
            Operation::Psk { psk_id, component, psk } => {
                self.psk_id(psk_id, component)?.store(&self.provider, &psk.0)?;
            }
            Operation::State => results.state = Some(self.state()?),
            Operation::About | Operation::Client { .. } | Operation::Forget => unreachable!(),
        }
        Ok(results)
    }

    fn key_package(&self) -> Outcome<Bytes> {
        let bundle = KeyPackage::builder().leaf_node_capabilities(self.capabilities.clone()).build(
            self.suite,
            &self.provider,
            &self.signer,
            self.credential.clone(),
        )?;
        encoded(&MlsMessageOut::from(bundle.into_key_package()))
    }

    fn create(&mut self, group_id: &[u8], extensions: &[protocol::Extension]) -> Outcome<()> {
        let group = MlsGroup::builder()
            .with_group_id(GroupId::from_slice(group_id))
            .ciphersuite(self.suite)
            .with_wire_format_policy(MIXED_CIPHERTEXT_WIRE_FORMAT_POLICY)
            .max_past_epochs(PAST_EPOCHS)
            .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, SKIPPED))
            .with_capabilities(self.capabilities.clone())
            .with_group_context_extensions(group_context_extensions(extensions)?)
            .build(&self.provider, &self.signer, self.credential.clone())?;
        self.place = Place::Member(Box::new(group));
        Ok(())
    }

    fn join(&mut self, welcome: &Bytes, tree: Option<Bytes>) -> Outcome<()> {
        let MlsMessageBodyIn::Welcome(welcome) = decoded::<MlsMessageIn>(welcome)?.extract() else {
            return Err("the message is not a Welcome".into());
        };
        let configuration = join_configuration(false);
        let staged = StagedWelcome::new_from_welcome(&self.provider, &configuration, welcome, ratchet_tree(tree)?)?;
        self.place = Place::Member(Box::new(staged.into_group(&self.provider)?));
        Ok(())
    }

    fn external_join(&mut self, group_info: &Bytes, tree: Option<Bytes>, self_removes: &[Bytes]) -> Outcome<Bytes> {
        let mut builder = MlsGroup::external_commit_builder()
            .with_config(join_configuration(false))
            .with_proposals(self_removes.iter().map(public_message).collect::<Outcome<_>>()?);
        if let Some(tree) = ratchet_tree(tree)? {
            builder = builder.with_ratchet_tree(tree);
        }
        let leaf = LeafNodeParameters::builder().with_capabilities(self.capabilities.clone()).build();
        let (group, bundle) = builder
            .build_group(&self.provider, verifiable_group_info(group_info)?, self.credential.clone())?
            .leaf_node_parameters(leaf)
            .load_psks(self.provider.storage())?
            .build(self.provider.rand(), self.provider.crypto(), &self.signer, |_| true)?
            .finalize(&self.provider)?;
        self.place = Place::Member(Box::new(group));
        encoded(bundle.commit())
    }

    fn observe(&mut self, group_info: &Bytes, tree: Option<Bytes>) -> Outcome<()> {
        let group_info = verifiable_group_info(group_info)?;
        let embedded = group_info.extensions().ratchet_tree().map(|e| e.ratchet_tree().clone());
        let tree = embedded.or(ratchet_tree(tree)?).ok_or("there is no ratchet tree")?;
        let (group, _) = PublicGroup::from_external(
            self.provider.crypto(),
            self.provider.storage(),
            tree,
            group_info,
            ProposalStore::new(),
        )?;
        self.place = Place::Observer(Box::new(group));
        Ok(())
    }

    fn propose(&mut self, proposal: protocol::Proposal, public: bool) -> Outcome<Bytes> {
        let psk_id = match &proposal {
            protocol::Proposal::Psk { psk_id, component } => Some(self.psk_id(psk_id.clone(), *component)?),
            _ => None,
        };
        let (group, provider, signer) = self.member()?;
        group.set_configuration(provider.storage(), &join_configuration(public))?;
        let message = match proposal {
            protocol::Proposal::Add { key_package } => {
                group.propose_add_member(provider, signer, &validated(provider, &key_package)?)?.0
            }
            protocol::Proposal::Remove { leaf } => {
                group.propose_remove_member(provider, signer, LeafNodeIndex::new(leaf))?.0
            }
            protocol::Proposal::Update => group.propose_self_update(provider, signer, LeafNodeParameters::default())?.0,
            protocol::Proposal::Psk { .. } => {
                group.propose_pre_shared_key(provider, signer, psk_id.ok_or("no PSK")?)?.0
            }
            protocol::Proposal::GroupContextExtensions { extensions } => {
                let extensions = group_context_extensions(&extensions)?;
                group.propose_group_context_extensions(provider, extensions, signer)?.0
            }
            protocol::Proposal::AppDataUpdate { component, data } => {
                let operation = match data {
                    Some(data) => AppDataUpdateOperation::Update(data.0.into()),
                    None => AppDataUpdateOperation::Remove,
                };
                group.propose_app_data_update(provider, signer, component, operation)?.0
            }
            protocol::Proposal::AppEphemeral { .. } => return Err("openmls sends this proposal in commits only".into()),
            protocol::Proposal::SelfRemove => group.leave_group_via_self_remove(provider, signer)?,
        };
        encoded(&message)
    }

    fn commit(
        &mut self,
        proposals: Vec<protocol::Proposal>,
        public: bool,
        path: bool,
        tree: bool,
    ) -> Outcome<(Bytes, Option<Bytes>)> {
        let psk_ids = proposals
            .iter()
            .filter_map(|proposal| match proposal {
                protocol::Proposal::Psk { psk_id, component } => Some(self.psk_id(psk_id.clone(), *component)),
                _ => None,
            })
            .collect::<Outcome<Vec<_>>>()?;
        let (group, provider, signer) = self.member()?;
        group.set_configuration(provider.storage(), &join_configuration(public))?;
        let mut builder = group.commit_builder().force_self_update(path);
        for psk_id in psk_ids {
            builder = builder.add_proposal(Proposal::PreSharedKey(Box::new(PreSharedKeyProposal::new(psk_id))));
        }
        for proposal in proposals {
            builder = match proposal {
                protocol::Proposal::Add { key_package } => builder.propose_adds([validated(provider, &key_package)?]),
                protocol::Proposal::Remove { leaf } => builder.propose_removals([LeafNodeIndex::new(leaf)]),
                protocol::Proposal::GroupContextExtensions { extensions } => {
                    builder.propose_group_context_extensions(group_context_extensions(&extensions)?)?
                }
                protocol::Proposal::AppDataUpdate { component, data } => {
                    let update = match data {
                        Some(data) => AppDataUpdateProposal::update(component, data.0),
                        None => AppDataUpdateProposal::remove(component),
                    };
                    builder.add_proposal(Proposal::AppDataUpdate(Box::new(update)))
                }
                protocol::Proposal::AppEphemeral { component, data } => {
                    let ephemeral = AppEphemeralProposal::new(component, data.0);
                    builder.add_proposal(Proposal::AppEphemeral(Box::new(ephemeral)))
                }
                protocol::Proposal::Psk { .. } => builder,
                protocol::Proposal::Update | protocol::Proposal::SelfRemove => {
                    return Err("nobody can commit to this proposal of their own".into());
                }
            };
        }
        let mut builder = builder.load_psks(provider.storage())?.use_ratchet_tree_extension(tree);
        let mut updater = builder.app_data_dictionary_updater();
        replace_components(&mut updater, builder.app_data_update_proposals());
        let changes = updater.changes();
        builder.with_app_data_dictionary_updates(changes);
        let (commit, welcome, _) = builder
            .build(provider.rand(), provider.crypto(), signer, |_| true)?
            .stage_commit(provider)?
            .into_messages();
        group.merge_pending_commit(provider)?;
        Ok((encoded(&commit)?, welcome.map(|message| encoded(&message)).transpose()?))
    }

    fn process(&mut self, message: &Bytes) -> Outcome<(&'static str, Option<Bytes>)> {
        let message = decoded::<MlsMessageIn>(message)?.try_into_protocol_message()?;
        match &mut self.place {
            Place::Outside => Err("the client is in no group".into()),
            Place::Member(group) => process_as_member(group, &self.provider, message),
            Place::Observer(group) => Ok((process_as_observer(group, &self.provider, message)?, None)),
        }
    }

    fn state(&self) -> Outcome<protocol::State> {
        let (context, members): (_, Vec<Member>) = match &self.place {
            Place::Outside => return Err("the client is in no group".into()),
            Place::Member(group) => (group.public_group().group_context(), group.members().collect()),
            Place::Observer(group) => (group.group_context(), group.members().collect()),
        };
        let member = match &self.place {
            Place::Member(group) => Some(group),
            _ => None,
        };
        let dictionary = context.extensions().app_data_dictionary().map(|extension| extension.dictionary());
        Ok(protocol::State {
            epoch: context.epoch().as_u64(),
            tree_hash: context.tree_hash().into(),
            confirmed_transcript_hash: context.confirmed_transcript_hash().into(),
            epoch_authenticator: member.map(|group| group.epoch_authenticator().as_slice().into()),
            leaf: member.map(|group| group.own_leaf_index().u32()),
            members: members
                .into_iter()
                .map(|member| protocol::Member {
                    leaf: member.index.u32(),
                    identity: member.credential.serialized_content().into(),
                })
                .collect(),
            components: dictionary
                .into_iter()
                .flat_map(AppDataDictionary::entries)
                .map(|entry| protocol::Component { component: entry.id(), data: entry.data().into() })
                .collect(),
            active: member.is_none_or(|group| group.is_active()),
        })
    }

    fn member(&mut self) -> Outcome<(&mut MlsGroup, &OpenMlsRustCrypto, &SignatureKeyPair)> {
        match &mut self.place {
            Place::Member(group) => Ok((group, &self.provider, &self.signer)),
            _ => Err("the client is not a member of a group".into()),
        }
    }

    fn psk_id(&self, psk_id: Bytes, component: Option<u16>) -> Outcome<PreSharedKeyId> {
        let psk = match component {
            Some(component) => Psk::Application(ApplicationPsk::new(component, psk_id.0.into())),
            None => Psk::External(ExternalPsk::new(psk_id.0)),
        };
        Ok(PreSharedKeyId::new(self.suite, self.provider.rand(), psk)?)
    }
}

fn process_as_member(
    group: &mut MlsGroup,
    provider: &OpenMlsRustCrypto,
    message: ProtocolMessage,
) -> Outcome<(&'static str, Option<Bytes>)> {
    match group.process_message(provider, message)?.into_content() {
        ProcessedMessageContent::ApplicationMessage(message) => Ok(("application", Some(Bytes(message.into_bytes())))),
        ProcessedMessageContent::ProposalMessage(proposal)
        | ProcessedMessageContent::ExternalJoinProposalMessage(proposal) => {
            group.store_pending_proposal(provider.storage(), *proposal)?;
            Ok(("proposal", None))
        }
        ProcessedMessageContent::StagedCommitMessage(commit) => {
            group.merge_staged_commit(provider, *commit)?;
            Ok(("commit", None))
        }
        ProcessedMessageContent::UnresolvedAppDataCommit(commit) => {
            let mut updater = group.app_data_dictionary_updater();
            replace_components(&mut updater, commit.app_data_update_proposals());
            let changes = updater.changes();
            let commit = group.stage_app_data_commit(provider, *commit, changes)?;
            group.merge_staged_commit(provider, commit)?;
            Ok(("commit", None))
        }
        _ => Err("the message comes from this client itself".into()),
    }
}

fn process_as_observer(
    group: &mut PublicGroup,
    provider: &OpenMlsRustCrypto,
    message: ProtocolMessage,
) -> Outcome<&'static str> {
    match group.process_message(provider.crypto(), message)?.into_content() {
        ProcessedMessageContent::ProposalMessage(proposal)
        | ProcessedMessageContent::ExternalJoinProposalMessage(proposal) => {
            group.add_proposal(provider.storage(), *proposal)?;
            Ok("proposal")
        }
        ProcessedMessageContent::StagedCommitMessage(commit) => {
            group.merge_commit(provider.storage(), *commit)?;
            Ok("commit")
        }
        ProcessedMessageContent::UnresolvedAppDataCommit(commit) => {
            let mut updater = group.app_data_dictionary_updater();
            replace_components(&mut updater, commit.app_data_update_proposals());
            let changes = updater.changes();
            let commit = group.stage_app_data_commit(provider.crypto(), *commit, changes)?;
            group.merge_commit(provider.storage(), commit)?;
            Ok("commit")
        }
        _ => Err("an observer cannot read this message".into()),
    }
}

/// Every component's update is its new data.
fn replace_components<'a>(
    updater: &mut AppDataDictionaryUpdater<'_>,
    proposals: impl Iterator<Item = &'a AppDataUpdateProposal>,
) {
    for proposal in proposals {
        match proposal.operation() {
            AppDataUpdateOperation::Update(data) => {
                updater.set(ComponentData::from_parts(proposal.component_id(), data.clone()));
            }
            AppDataUpdateOperation::Remove => updater.remove(&proposal.component_id()),
        }
    }
}

fn join_configuration(public: bool) -> MlsGroupJoinConfig {
    let policy = if public { MIXED_PLAINTEXT_WIRE_FORMAT_POLICY } else { MIXED_CIPHERTEXT_WIRE_FORMAT_POLICY };
    MlsGroupJoinConfig::builder()
        .wire_format_policy(policy)
        .max_past_epochs(PAST_EPOCHS)
        .sender_ratchet_configuration(SenderRatchetConfiguration::new(OUT_OF_ORDER, SKIPPED))
        .build()
}
