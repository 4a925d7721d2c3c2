// A program that begins builds and waits, for the test of what a signal does to it.
import { Depot } from '../../../src/depot/depot.ts'

/** What it is told, as JSON. */
export interface ExitProgramOptions {
  readonly apiUrl: string
  readonly token: string
  readonly projectId: string
  /** `builds` says `ready` once two of them have machines; `registers` does not come so far; `runs` uses `depot.build()`. */
  readonly does: 'builds' | 'registers' | 'abandons' | 'runs'
  /** Handles SIGTERM itself, and exits with code 3 later. */
  readonly handles?: boolean
  /** Modules that listen for signals as signal-exit does, imported `before` or after the builds have begun. */
  readonly signalExit?: readonly string[]
  readonly when?: 'before' | 'after'
  /** Another copy of this package has something to end as well. */
  readonly copy?: boolean
}

const options: ExitProgramOptions = JSON.parse(process.argv[2]!)
const { apiUrl, token, projectId } = options

if (options.handles)
  process.once('SIGTERM', () => {
    console.log('handled')
    setTimeout(() => process.exit(3), 1_000)
  })
if (options.when === 'before') await listen()
if (options.copy) {
  const copy: typeof import('../../../src/depot/builds/exit-signals.ts') = await import(
    `../../../src/depot/builds/exit-signals.ts?${'copy'}`
  )
  copy.onExitSignal(async () => console.log('ended by the copy'))
}

const depot = new Depot({ apiUrl, token, env: {} })
switch (options.does) {
  case 'builds':
    for (const platform of ['amd64', 'arm64'] as const) {
      const build = await depot.createBuild({ projectId, finishOnExit: true })
      await build.acquireMachine(platform)
    }
    break
  case 'registers':
    await depot.createBuild({ projectId, finishOnExit: true })
    break
  case 'abandons': {
    const controller = new AbortController()
    process.once('message', () => controller.abort())
    const { signal } = controller
    await depot.createBuild({ projectId, finishOnExit: true, signal }).catch(() => console.log('abandoned'))
    break
  }
  case 'runs':
    depot.build({
      ...{ projectId, finishOnExit: true, platforms: ['linux/amd64'] },
      localDirs: { context: {}, dockerfile: { Dockerfile: 'FROM scratch' } },
    })
}
if (options.when === 'after') await listen()
console.log('ready')
setInterval(() => {}, 60_000)

async function listen(): Promise<void> {
  for (const path of options.signalExit ?? []) {
    const module = await import(path)
    const onExit: (call: (code: unknown, signal: unknown) => void) => void = module.onExit ?? module.default
    onExit((_, signal) => console.log(`signal-exit ${signal}`))
  }
}
