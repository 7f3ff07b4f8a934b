// ts-mls behind the protocol of ../README.md: requests on stdin, answers on stdout, one JSON object per line.

import { readFile } from "node:fs/promises"
import { createInterface } from "node:readline"

import { Client } from "./client.js"

const { version } = JSON.parse(await readFile(new URL("node_modules/ts-mls/package.json", import.meta.url), "utf8"))
const clients = new Map()

async function perform(request) {
  switch (request.do) {
    case "about":
      return {
        implementation: "ts-mls",
        version,
        suites: [1, 2, 3, 4, 5, 6, 7],
        abilities: ["update", "psk", "group_context_extensions", "resync"],
      }
    case "client":
      clients.set(request.client, await Client.create(request))
      return {}
    case "forget":
      clients.delete(request.client)
      return {}
    default: {
      const client = clients.get(request.client)
      if (client === undefined) throw new Error("no client has this name")
      return client.perform(request)
    }
  }
}

// Every value under one of these names is a string of hexadecimal digits in JSON, and bytes here.
const byteMembers = new Set([
  "identity", "group_id", "data", "welcome", "tree", "group_info", "key_package", "psk_id", "psk", "message", "context",
])

function revived(name, value) {
  return byteMembers.has(name) && typeof value === "string" ? new Uint8Array(Buffer.from(value, "hex")) : value
}

function replaced(_name, value) {
  return value instanceof Uint8Array ? Buffer.from(value).toString("hex") : value
}

for await (const line of createInterface({ input: process.stdin })) {
  const request = JSON.parse(line, revived)
  let answer
  const started = process.hrtime.bigint()
  try {
    const results = await perform(request)
    answer = { id: request.id, nanoseconds: Number(process.hrtime.bigint() - started), ...results }
  } catch (error) {
    answer = { id: request.id, error: `${error.name}: ${error.message}` }
    console.error(error)
  }
  process.stdout.write(JSON.stringify(answer, replaced) + "\n")
}
