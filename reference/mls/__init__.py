"""RFC 9420 and what MIMI uses of mls-extensions: groups as their members see them, and as a server does.

Read from the bottom up, each step only needs those before it:

- primitives: `cipher_suite` (`signature_scheme`, `hpke`, `kem`, `kdf`, `aead`), `labelled`
- the tree: `tree_math`, `subtree`, `ratchet_tree`, `tree_hash`, `parent_hash`, `update_path`, `treekem`
- secrets: `key_schedule`, `psk`, `transcript`, `secret_tree`, `exporter_tree`
- messages: `framing`
- what others bring: `key_package`, `leaf_node_validation`, `tree_validation`, `extensions`, `features`, `public_keys`
- what the application says: `application`, `components`, `proposals`
- the rules, which both views share: `senders`, `proposal_checks`, `proposal_list`, `proposal_application`,
  `commit_processing`; a group as everybody sees it is a `public_group.PublicGroup`, and `group_info` starts one
- a member's view, which has that inside: `group`; it begins with `group_creation`, `welcome` or `external_join`, and
  goes on with `group_proposals`, `group_commit`, `group_processing` and `group_messages`

All values are immutable, randomness and time are always passed in, and each check has a name (`rules`). There are no
wire declarations in here; those are in reference/wire/mls.
"""
