/** Reads from status messages, one JSON object a line, how many bytes of `context` the daemon received. */
export function transferredBytes(messages: string): number {
  const lines = messages.split('\n').filter((line) => line.startsWith('{'))
  const statuses = lines.flatMap((line) => (JSON.parse(line) as { statuses?: Status[] }).statuses ?? [])
  const transfers = statuses.filter(({ id }) => id === 'transferring context:')
  return Math.max(0, ...transfers.map(({ current = 0 }) => current))
}

interface Status {
  readonly id: string
  readonly current?: number
}
