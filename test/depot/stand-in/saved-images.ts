/** An image that a build has saved, as `depot.build.v1.RegistryService` lists it. */
export interface SavedImage {
  /** Without the repository, such as the id of the build. */
  readonly tag: string
  /** `sha256:...` */
  readonly digest: string
  readonly pushedAt: Date
  readonly sizeBytes: number
}

/** The registry of saved images. The repository of a project is its id: `HOST/PROJECT:TAG`. */
export interface SavedImages extends AsyncDisposable {
  /** Host and port, as they stand in an image's name. */
  readonly host: string
  /** Latest first; empty for a project that has saved nothing. */
  list(projectId: string): Promise<readonly SavedImage[]>
  /** Tags that are not there are no error. */
  delete(projectId: string, tags: readonly string[]): Promise<void>
}

/** What the holder of a password may do in the registry. */
export interface RegistryAccess {
  /** The only repository; all of them where it is undefined. */
  readonly projectId: string | undefined
  readonly push: boolean
}

/** What the password of user `x-token` is good for; undefined for one that is good for nothing. */
export type Authorize = (password: string) => RegistryAccess | undefined

/** How a stand-in gets its registry, which it disposes of. */
export type StartSavedImages = (authorize: Authorize) => Promise<SavedImages>
