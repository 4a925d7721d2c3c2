export type Architecture = 'amd64' | 'arm64'

/** What can be wrong with a client's certificate on purpose. */
export type CertificateDefect = 'expired' | 'wrong-usage' | 'wrong-key' | 'wrong-authority'

/** A BuildKit daemon that requires client certificates. Certificates and keys are PEM. */
export interface RunningMachine {
  readonly id: string
  /** `tcp://127.0.0.1:PORT` */
  readonly endpoint: string
  /** The name in its certificate, which is not the host dialled. */
  readonly serverName: string
  /** Of the authority that has signed the machine's certificate. */
  readonly ca: string
  /** False once it has died. */
  readonly running: boolean
  /** For the client that this build is. */
  clientCertificate(
    buildId: string,
    defect?: CertificateDefect | undefined,
  ): Promise<{ cert: string; key: string }>
}

/** The machines of all projects: one for each project and architecture at a time. */
export interface MachinePool extends AsyncDisposable {
  /**
   * The machine of a project and architecture: the one in use or lingering, else a new one over the same cache.
   * Settles when it listens. A second call for the same build answers the same and counts once.
   */
  acquire(projectId: string, architecture: Architecture, buildId: string): Promise<RunningMachine>
  /** The build no longer uses it; with its last build gone it lingers, then stops. Unknown builds are no error. */
  release(projectId: string, architecture: Architecture, buildId: string): Promise<void>
  /** Stops all machines of the project and deletes its cache. */
  reset(projectId: string): Promise<void>
}

/** How a stand-in gets its pool, which it disposes of. `settings` are read each time, as a test may change them. */
export type StartMachinePool = (settings: { readonly lingerMs: number }) => Promise<MachinePool>
