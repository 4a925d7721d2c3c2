/**
 * By how much processor time grows when a job gets eight times larger: about 8 for work in proportion to the size,
 * about 64 for its square. The job is run once before, so that it is compiled.
 */
export function growth(job: (size: number) => void, size = 2_000): number {
  const cost = (times: number) => {
    const before = process.cpuUsage()
    job(size * times)
    const { user, system } = process.cpuUsage(before)
    return user + system
  }
  cost(1)
  const one = cost(1)
  return cost(8) / one
}
