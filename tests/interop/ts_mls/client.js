// One client: its keys, and its state in a group.

import { p256, p384, p521 } from "@noble/curves/nist.js"
import {
  acceptAll,
  bytesToBase64,
  ciphersuites,
  createApplicationMessage,
  createCommit,
  createGroup,
  createProposal,
  decodeMlsMessage,
  defaultExtensionTypes,
  encodeMlsMessage,
  generateKeyPackageWithKey,
  getCiphersuiteFromName,
  getCiphersuiteImpl,
  joinGroup,
  joinGroupExternal,
  makePskIndex,
  mlsExporter,
  processPrivateMessage,
  processPublicMessage,
} from "ts-mls"
import { encode } from "ts-mls/codec/tlsEncoder.js"
import { decodeVarLenData, varLenDataEncoder } from "ts-mls/codec/variableLength.js"
import { createGroupInfo, createGroupInfoWithRatchetTree } from "ts-mls/createCommit.js"
import { signWithLabel } from "ts-mls/crypto/signature.js"
import { makeKeyPackageRef } from "ts-mls/keyPackage.js"
import { encodeLeafNodeTBS } from "ts-mls/leafNode.js"
import { decodeRatchetTree, encodeRatchetTree } from "ts-mls/ratchetTree.js"

const HOUR = 3600n
const LIFETIME = 28n * 24n * HOUR

export class Client {
  static async create({ suite, identity, extensions, proposals }) {
    const name = nameOf(ciphersuites, suite)
    const implementation = await getCiphersuiteImpl(getCiphersuiteFromName(name))
    return new Client(implementation, await signatureKeyPair(suite, implementation), identity, extensions, proposals)
  }

  constructor(suite, keys, identity, extensions, proposals) {
    this.suite = suite
    this.signatureKeyPair = keys
    this.credential = { credentialType: "basic", identity }
    this.capabilities = {
      versions: ["mls10"],
      ciphersuites: [suite.name],
      extensions,
      proposals,
      credentials: ["basic"],
    }
    this.keyPackages = []
    this.psks = {}
    this.updates = []
    this.state = undefined
  }

  perform(request) {
    switch (request.do) {
      case "key_package":
        return this.keyPackage()
      case "create":
        return this.createGroup(request)
      case "join":
        return this.join(request)
      case "external_join":
        return this.joinExternally(request)
      case "propose":
        return this.propose(request)
      case "commit":
        return this.commit(request)
      case "process":
        return this.process(request)
      case "send":
        return this.send(request)
      case "group_info":
        return this.groupInfo(request)
      case "tree":
        return { tree: encodeRatchetTree(this.member().ratchetTree) }
      case "export":
        return this.export(request)
      case "psk":
        this.psks[bytesToBase64(request.psk_id)] = request.psk
        return {}
      case "state":
        return this.describe()
      default:
        throw new Error(`ts-mls has no operation ${request.do}`)
    }
  }

  member() {
    if (this.state === undefined) throw new Error("the client is in no group")
    return this.state
  }

  pskIndex() {
    return makePskIndex(this.state, this.psks)
  }

  async newKeyPackage() {
    const now = BigInt(Math.floor(Date.now() / 1000))
    const lifetime = { notBefore: now - HOUR, notAfter: now + LIFETIME }
    return generateKeyPackageWithKey(this.credential, this.capabilities, lifetime, [], this.signatureKeyPair, this.suite)
  }

  async keyPackage() {
    const keys = await this.newKeyPackage()
    this.keyPackages.push(keys)
    return { key_package: message({ wireformat: "mls_key_package", keyPackage: keys.publicPackage }) }
  }

  async createGroup({ group_id: groupId, extensions }) {
    const { publicPackage, privatePackage } = await this.newKeyPackage()
    const group = await createGroup(groupId, publicPackage, privatePackage, extensions.map(extension), this.suite)
    this.state = group
    return {}
  }

  async join({ welcome: bytes, tree }) {
    const { welcome } = decoded(bytes, "mls_welcome")
    for (const { publicPackage, privatePackage } of this.keyPackages) {
      const reference = bytesToBase64(await makeKeyPackageRef(publicPackage, this.suite.hash))
      if (welcome.secrets.some((secrets) => bytesToBase64(secrets.newMember) === reference)) {
        const index = this.pskIndex()
        this.state = await joinGroup(welcome, publicPackage, privatePackage, index, this.suite, ratchetTree(tree))
        return {}
      }
    }
    throw new Error("the Welcome is for none of this client's KeyPackages")
  }

  async joinExternally({ group_info: bytes, tree, resync }) {
    const { groupInfo } = decoded(bytes, "mls_group_info")
    const { publicPackage, privatePackage } = await this.newKeyPackage()
    const suite = withExternalPubOf(groupInfo, this.suite)
    const { publicMessage, newState } = await joinGroupExternal(
      groupInfo, publicPackage, privatePackage, resync === true, suite, ratchetTree(tree),
    )
    this.state = newState
    return { commit: message({ wireformat: "mls_public_message", publicMessage }) }
  }

  async propose({ proposal: description, public: isPublic }) {
    const proposal = description.type === "update" ? await this.update() : this.proposal(description)
    const { newState, message: sent } = await createProposal(this.member(), isPublic, proposal, this.suite)
    this.state = newState
    return { message: encodeMlsMessage(sent) }
  }

  // ts-mls has no function that makes an Update: this is RFC 9420, 7.2 and 12.1.2, with the library's own encoders.
  async update() {
    const { groupContext, privatePath, ratchetTree: nodes } = this.member()
    const { leafIndex } = privatePath
    const { publicKey, privateKey } = await this.suite.hpke.generateKeyPair()
    const { signaturePublicKey, credential, capabilities, extensions } = nodes[2 * leafIndex].leaf
    const leafNode = {
      hpkePublicKey: await this.suite.hpke.exportPublicKey(publicKey),
      signaturePublicKey,
      credential,
      capabilities,
      leafNodeSource: "update",
      extensions,
    }
    const tbs = encodeLeafNodeTBS({ ...leafNode, groupId: groupContext.groupId, leafIndex })
    leafNode.signature = await signWithLabel(
      this.signatureKeyPair.signKey, "LeafNodeTBS", tbs, this.suite.signature,
    )
    this.updates.push({ leafNode, privateKey: await this.suite.hpke.exportPrivateKey(privateKey) })
    return { proposalType: "update", update: { leafNode } }
  }

  proposal(description) {
    switch (description.type) {
      case "add": {
        const { keyPackage } = decoded(description.key_package, "mls_key_package")
        return { proposalType: "add", add: { keyPackage } }
      }
      case "remove":
        return { proposalType: "remove", remove: { removed: description.leaf } }
      case "psk": {
        const pskNonce = this.suite.rng.randomBytes(this.suite.kdf.size)
        const preSharedKeyId = { psktype: "external", pskId: description.psk_id, pskNonce }
        return { proposalType: "psk", psk: { preSharedKeyId } }
      }
      case "group_context_extensions": {
        const extensions = description.extensions.map(extension)
        return { proposalType: "group_context_extensions", groupContextExtensions: { extensions } }
      }
      default:
        throw new Error(`ts-mls makes no proposal ${description.type}`)
    }
  }

  async commit({ proposals, public: isPublic, path, tree }) {
    const state = this.member()
    const pending = Object.keys(state.unappliedProposals).length
    if (path && proposals.length + pending > 0) throw new Error("ts-mls adds a path only where it must be")
    const { newState, commit, welcome } = await createCommit(
      { state, cipherSuite: this.suite, pskIndex: this.pskIndex() },
      {
        extraProposals: proposals.map((description) => this.proposal(description)),
        wireAsPublicMessage: isPublic,
        ratchetTreeExtension: tree,
      },
    )
    this.state = newState
    const results = { commit: encodeMlsMessage(commit) }
    if (welcome !== undefined) results.welcome = message({ wireformat: "mls_welcome", welcome })
    return results
  }

  async process({ message: bytes }) {
    const state = this.member()
    const { privatePath } = state
    const privateKeys = { ...privatePath.privateKeys }
    let kind
    // The library keeps no private key for an Update of one's own, so the key takes effect here, when it is committed.
    const watch = (incoming) => {
      kind = incoming.kind
      if (kind === "commit") {
        const own = incoming.proposals.find(
          ({ proposal, senderLeafIndex }) =>
            proposal.proposalType === "update" && senderLeafIndex === privatePath.leafIndex,
        )
        if (own !== undefined) privateKeys[2 * privatePath.leafIndex] = this.privateKeyOf(own.proposal.update.leafNode)
      }
      return acceptAll(incoming)
    }
    // Not processMessage, which passes no PSKs on for a private message.
    const { wireformat, privateMessage, publicMessage } = decoded(bytes)
    const before = { ...state, privatePath: { ...privatePath, privateKeys } }
    const result =
      wireformat === "mls_private_message"
        ? await processPrivateMessage(before, privateMessage, this.pskIndex(), this.suite, watch)
        : await processPublicMessage(before, publicMessage, this.pskIndex(), this.suite, watch)
    this.state = result.newState
    if (result.kind === "applicationMessage") return { kind: "application", data: result.message }
    if (kind === "commit") this.updates = []
    return { kind }
  }

  privateKeyOf({ hpkePublicKey }) {
    const key = bytesToBase64(hpkePublicKey)
    return this.updates.find(({ leafNode }) => bytesToBase64(leafNode.hpkePublicKey) === key).privateKey
  }

  async send({ data }) {
    const { newState, privateMessage } = await createApplicationMessage(this.member(), data, this.suite)
    this.state = newState
    return { message: message({ wireformat: "mls_private_message", privateMessage }) }
  }

  // ts-mls puts the public key itself into external_pub, without the length that RFC 9420, 12.4.3.2, gives it: here it
  // gets one, and `withExternalPubOf` takes it away, so that external commits work with everybody else.
  async groupInfo({ tree }) {
    const state = this.member()
    const { groupContext, keySchedule, confirmationTag, ratchetTree: nodes } = state
    const { publicKey } = await this.suite.hpke.deriveKeyPair(keySchedule.externalSecret)
    const extensionData = encode(varLenDataEncoder)(await this.suite.hpke.exportPublicKey(publicKey))
    const extensions = [{ extensionType: "external_pub", extensionData }]
    const groupInfo = tree
      ? await createGroupInfoWithRatchetTree(groupContext, confirmationTag, state, nodes, extensions, this.suite)
      : await createGroupInfo(groupContext, confirmationTag, state, extensions, this.suite)
    return { group_info: message({ wireformat: "mls_group_info", groupInfo }) }
  }

  async export({ label, context, length }) {
    const { exporterSecret } = this.member().keySchedule
    return { secret: await mlsExporter(exporterSecret, label, context, length, this.suite) }
  }

  describe() {
    const { groupContext, keySchedule, privatePath, ratchetTree: nodes, groupActiveState } = this.member()
    const members = []
    for (let index = 0; index < nodes.length; index += 2) {
      if (nodes[index] !== undefined) {
        members.push({ leaf: index / 2, identity: nodes[index].leaf.credential.identity })
      }
    }
    return {
      epoch: Number(groupContext.epoch),
      tree_hash: groupContext.treeHash,
      confirmed_transcript_hash: groupContext.confirmedTranscriptHash,
      epoch_authenticator: keySchedule.epochAuthenticator,
      leaf: privatePath.leafIndex,
      members,
      components: [],
      active: groupActiveState.kind === "active",
    }
  }
}

// ts-mls makes public keys of ECDSA in compressed form, where RFC 9420, 5.1.1, has the uncompressed one.
async function signatureKeyPair(suite, implementation) {
  const { signKey, publicKey } = await implementation.signature.keygen()
  const curve = { 2: p256, 5: p521, 7: p384 }[suite]
  return { signKey, publicKey: curve === undefined ? publicKey : curve.getPublicKey(signKey, false) }
}

function nameOf(numbers, number) {
  return Object.keys(numbers).find((name) => numbers[name] === number)
}

function extension({ type, data }) {
  return { extensionType: nameOf(defaultExtensionTypes, type) ?? type, extensionData: data }
}

function message(content) {
  return encodeMlsMessage({ version: "mls10", ...content })
}

function decoded(bytes, wireformat) {
  const [content, length] = decodeMlsMessage(bytes, 0) ?? []
  if (length !== bytes.length) throw new Error("the bytes are not an MLSMessage")
  if (wireformat !== undefined && content.wireformat !== wireformat) throw new Error(`the message is not ${wireformat}`)
  return content
}

function ratchetTree(bytes) {
  if (bytes === undefined) return undefined
  const [tree, length] = decodeRatchetTree(bytes, 0) ?? []
  if (length !== bytes.length) throw new Error("the bytes are not a ratchet_tree")
  return tree
}

function withExternalPubOf({ extensions }, suite) {
  const { extensionData } = extensions.find(({ extensionType }) => extensionType === "external_pub")
  const [externalPub] = decodeVarLenData(extensionData, 0)
  const importPublicKey = (bytes) => suite.hpke.importPublicKey(bytes === extensionData ? externalPub : bytes)
  return { ...suite, hpke: { ...suite.hpke, importPublicKey } }
}
