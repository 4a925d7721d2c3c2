import { readFile } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'

/** Of processes together; MiB. */
export interface Memory {
  /** What is resident, with what a process shares with others divided among them (PSS). */
  readonly proportional: number
  /** What is resident, with what each shares with others counted whole (RSS). */
  readonly resident: number
}

const betweenSamplesMs = 200

/** Watches the memory of processes until `over` settles, and gives the most they had at once. */
export async function peakMemory(pids: readonly number[], over: Promise<unknown>): Promise<Memory> {
  let peak: Memory = { proportional: 0, resident: 0 }
  let ended = false
  const end = over.finally(() => {
    ended = true
  })
  while (!ended) {
    const { proportional, resident } = await memoryOf(pids)
    peak = {
      proportional: Math.max(peak.proportional, proportional),
      resident: Math.max(peak.resident, resident),
    }
    await Promise.race([end, sleep(betweenSamplesMs)])
  }
  await end
  return peak
}

/** What processes have now; those that have ended have none. */
export async function memoryOf(pids: readonly number[]): Promise<Memory> {
  const all = await Promise.all(pids.map(memoryOfOne))
  const sum = (figure: keyof Memory) => all.reduce((total, memory) => total + memory[figure], 0)
  return { proportional: sum('proportional'), resident: sum('resident') }
}

/** From the kernel's own sum over all mappings, see proc_pid_smaps(5). */
async function memoryOfOne(pid: number): Promise<Memory> {
  const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '')
  const mebibytes = (name: string) =>
    Number(text.match(new RegExp(`^${name}: +(\\d+) kB$`, 'm'))?.[1] ?? 0) / 1024
  return { proportional: mebibytes('Pss'), resident: mebibytes('Rss') }
}
