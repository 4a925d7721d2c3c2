import { createAuthority, type Issued } from '../../support/certificates.ts'
import type { CertificateDefect } from './machine.ts'

/** The authority of the stand-in's machines and of the builds that use them. */
export interface BuildAuthority {
  /** Its own certificate, PEM. */
  readonly ca: string
  /** For a machine that goes by this name; its address is not in the certificate. */
  machineCertificate(serverName: string): Promise<Issued>
  /** For the client of one build, named by {@link spiffeId}. */
  buildCertificate(buildId: string, defect?: CertificateDefect): Promise<Issued>
}

/** Makes one. */
export async function createBuildAuthority(): Promise<BuildAuthority> {
  const own = await createAuthority('Depot stand-in')
  return {
    ca: own.ca,
    machineCertificate: (serverName) => own.issue({ names: [serverName], usage: 'server' }),
    async buildCertificate(buildId, defect) {
      const subject = { names: [spiffeId(buildId)], usage: 'client' } as const
      switch (defect) {
        case undefined:
          return own.issue(subject)
        case 'expired':
          return own.issue({ ...subject, ...lastYear })
        case 'wrong-usage':
          return own.issue({ ...subject, usage: 'server' })
        case 'wrong-key':
          return { ...(await own.issue(subject)), key: (await own.issue(subject)).key }
        case 'wrong-authority':
          return (await createAuthority('Somebody else')).issue(subject)
      }
    },
  }
}

/** Depot attributes what a machine reports to the build that the certificate names; in which form is not known. */
export function spiffeId(buildId: string): string {
  return `spiffe://depot.test/build/${buildId}`
}

const lastYear = { from: new Date('2025-01-01'), to: new Date('2025-12-31') }
