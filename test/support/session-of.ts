import type { Attachable } from '../../src/session/attachable.ts'
import { Services } from '../../src/session/services.ts'
import { Session } from '../../src/session/session.ts'

/** A session that serves these attachables, and the errors of their handlers. */
export function sessionOf(
  attachables: readonly Attachable[],
  options: { readonly sharedKey?: string; readonly announced?: readonly string[] } = {},
) {
  const services = new Services(
    attachables.map((attachable, index) => ({ source: `session[${index}]`, attachable })),
  )
  const session = new Session({ ...options, services })
  return {
    session,
    services,
    /** The first, and any BuildkitError before a mere status. */
    get handlerError(): unknown {
      return services.errorsOf()[0]?.error
    },
  }
}
