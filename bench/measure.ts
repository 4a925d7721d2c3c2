import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from '../scripts/parts/command.ts'
import { debianPackages } from '../scripts/parts/debian.ts'
import { findExecutable } from '../src/daemon/executable.ts'
import { tempDir } from '../test/support/temp.ts'

/** What a command took, with all processes that it started and waited for. */
export interface Measurement {
  readonly wallSeconds: number
  /** User and system time together. */
  readonly cpuSeconds: number
  /** The largest resident set of any one of its processes. */
  readonly peakMebibytes: number
}

/** Runs a command under GNU time, which has the figures from the kernel, rounded to 10 ms. */
export async function measure(command: readonly string[]): Promise<Measurement> {
  await using folder = await tempDir()
  const report = join(folder.path, 'time')
  await run(await gnuTime(), ['--format', '%e %U %S %M', '--output', report, ...command])
  const text = await readFile(report, 'utf8')
  const [wall, user, system, peakKibibytes] = text.trim().split(' ').map(Number)
  if (peakKibibytes === undefined) throw new Error(`GNU time reported ${text}`)
  return { wallSeconds: wall!, cpuSeconds: user! + system!, peakMebibytes: peakKibibytes / 1024 }
}

async function gnuTime(): Promise<string> {
  return (
    (await findExecutable('time', process.env.PATH)) ?? join(await debianPackages('time'), 'usr/bin/time')
  )
}
