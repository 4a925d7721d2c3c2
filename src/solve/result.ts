/** What a build came to. */
export interface SolveResult {
  /** The build's id at the daemon. */
  readonly ref: string
  /** `sha256:…` of the exported manifest or index; undefined where no image was exported. */
  readonly digest: string | undefined
  /** All that the exporters report, such as `containerimage.config.digest` and `image.name`. */
  readonly exporterResponse: Readonly<Record<string, string>>
}

/** Reads the daemon's answer. */
export function resultOf(ref: string, exporterResponse: Readonly<Record<string, string>>): SolveResult {
  return { ref, digest: exporterResponse['containerimage.digest'], exporterResponse }
}
