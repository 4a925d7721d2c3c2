/** True for what could be an id of Depot's: they are opaque, and go into URLs and names of images. */
export function isId(value: unknown): value is string {
  return typeof value === 'string' && /^[\w.:@-]{1,255}$/.test(value)
}
