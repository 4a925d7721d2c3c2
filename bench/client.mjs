// Our side of a comparison: one process, measured whole, running the built package as a user would.
// Flags follow buildctl's; the definition comes on stdin as it does there.
import { parseArgs } from 'node:util'
import { connect } from '../dist/index.js'

const { values: flags } = parseArgs({
  options: {
    addr: { type: 'string' },
    /** The directory to serve as `context`. */
    context: { type: 'string' },
    /** The file for an uncompressed `oci` archive. */
    oci: { type: 'string' },
    /** So many solves, one after the other, over one connection. */
    repeat: { type: 'string', default: '1' },
    /** Prints the status messages, one a line. */
    status: { type: 'boolean', default: false },
  },
})

const buildkit = await connect(flags.addr)
const options = {
  definition: await readAll(process.stdin),
  // buildctl sends none either, so that both find the same copy at the daemon.
  sharedKey: '',
  ...(flags.context && { localDirs: { context: flags.context } }),
  ...(flags.oci && {
    exports: [{ type: 'oci', attrs: { compression: 'uncompressed' }, output: flags.oci }],
  }),
}
for (let i = 0; i < Number(flags.repeat); i++) {
  const run = buildkit.solve(options)
  if (flags.status) {
    for await (const status of run.status) process.stderr.write(`${JSON.stringify(status)}\n`)
  }
  await run
}
await buildkit.close()

async function readAll(stream) {
  const chunks = []
  for await (const chunk of stream) chunks.push(chunk)
  return Buffer.concat(chunks)
}
