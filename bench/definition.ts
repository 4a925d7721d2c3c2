import { createHash } from 'node:crypto'
import protobuf from 'protobufjs'
import { pb } from '../src/gen/buildkit.js'

/** A serialized `pb.Definition` that only transfers the local directory `context`. */
export function transferDefinition(): Uint8Array {
  return definition([localContext])
}

/** The same without what matches some of so many patterns: half of them names, half with wildcards; none matches. */
export function patternsDefinition(patterns: number): Uint8Array {
  const excluded = Array.from({ length: patterns }, (_, index) =>
    index % 2 === 0 ? `generated/part-${index}/of/the-output` : `**/cache-${index}/*.tmp`,
  )
  const attrs = { 'local.excludepatterns': JSON.stringify(excluded) }
  return definition([{ source: { ...localContext.source, attrs } }])
}

/** One that copies the local directory `context` into an image of one layer. */
export function imageDefinition(): Uint8Array {
  const copy = {
    src: '/',
    dest: '/',
    mode: unset,
    dirCopyContents: true,
    createDestPath: true,
    timestamp: unset,
  }
  const actions = [{ input: scratch, secondaryInput: 0, output: 0, copy }]
  return definition([localContext, { inputs: [inputFrom(localContext)], file: { actions } }])
}

/** One that reads nothing from the client, and has nothing left to do when it comes again. */
export function noOpDefinition(): Uint8Array {
  const mkfile = { path: '/marker', mode: 0o644, data: Buffer.from('no-op'), timestamp: unset }
  const actions = [{ input: scratch, secondaryInput: unset, output: 0, mkfile }]
  return definition([{ file: { actions } }])
}

/** No base, and "as it is" of modes and times. Field numbers: moby/buildkit `solver/pb/ops.proto`. */
const scratch = -1
const unset = -1

const Op = protobuf
  .parse(`
    syntax = "proto3";
    message Op { repeated Input inputs = 1; SourceOp source = 3; FileOp file = 4; }
    message Input { string digest = 1; int64 index = 2; }
    message SourceOp { string identifier = 1; map<string, string> attrs = 2; }
    message FileOp { repeated FileAction actions = 2; }
    message FileAction {
      int64 input = 1; int64 secondaryInput = 2; int64 output = 3;
      FileActionCopy copy = 4; FileActionMkFile mkfile = 5;
    }
    message FileActionCopy {
      string src = 1; string dest = 2; int32 mode = 4;
      bool dirCopyContents = 6; bool createDestPath = 8; int64 timestamp = 11;
    }
    message FileActionMkFile { string path = 1; int32 mode = 2; bytes data = 3; int64 timestamp = 5; }
  `)
  .root.lookupType('Op')

const localContext = { source: { identifier: 'local://context' } }

/** The ops in order, and the one at the end that names the last of them as the result. */
function definition(ops: readonly object[]): Uint8Array {
  const result = { inputs: [inputFrom(ops[ops.length - 1]!)] }
  return pb.Definition.encode({ def: [...ops, result].map(encoded) }).finish()
}

function inputFrom(op: object): object {
  return { digest: `sha256:${createHash('sha256').update(encoded(op)).digest('hex')}`, index: 0 }
}

function encoded(op: object): Uint8Array {
  return Op.encode(op).finish()
}
