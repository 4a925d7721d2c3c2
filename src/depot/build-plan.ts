/** What a build is about to do, for Depot's dashboard; `save` also decides where it is saved. */
export interface BuildPlan {
  /** Keeps the image in Depot's registry; with names of its own beside the id of the build. */
  readonly save?: boolean | { readonly tags: readonly string[] }
  /** True when the image is pushed to another registry. */
  readonly push?: boolean
  /** True when the image is loaded into an Engine. */
  readonly load?: boolean
  /** The image's names. */
  readonly tags?: readonly string[]
}
