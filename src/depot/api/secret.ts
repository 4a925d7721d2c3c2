/**
 * An object with secrets among its fields: they are read like any other, and neither JSON, nor what `console.log`
 * prints, nor a copy by spreading has them.
 */
export function withSecrets<T extends object, S extends Readonly<Record<string, string>>>(
  fields: T,
  secrets: S,
): T & S {
  const hidden = Object.entries(secrets).map(([name, value]) => [name, { value, enumerable: false }])
  return Object.defineProperties({ ...fields } as T & S, Object.fromEntries(hidden))
}
