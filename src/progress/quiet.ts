import type { View } from './view.ts'

/** Shows nothing; an error is for the caller to report. */
export function quietView(): View {
  const nothing = () => ''
  return { update: nothing, refresh: nothing, end: nothing }
}
