// The package's sub-path `buildkit-client/progress`: a build's status messages made visible. It follows semantic
// versioning like the front door; the very words and looks of `plain` and `tty` do not.

/** One message as the line that the Go client's `--progress=rawjson` prints. */
export { rawJsonLine } from './rawjson.ts'
/** Shows a build while it runs. */
export { type ProgressMode, type ProgressOutput, type RenderOptions, render } from './render.ts'
