import { invalidOption, messageOf } from '../../base/errors.ts'
import { pb } from '../../gen/buildkit.js'

/** Throws INVALID_OPTION for what is no serialized `pb.Definition` with operations in it; without any it is `scratch`. */
export function checkDefinition(definition: unknown): void {
  if (!(definition instanceof Uint8Array))
    throw invalidOption('definition', { expected: 'the bytes of a pb.Definition', received: definition })
  if (definition.length === 0) return
  const refuse = (received: string, cause?: unknown) =>
    invalidOption('definition', { expected: 'a serialized pb.Definition', received, cause })
  let operations: readonly Uint8Array[]
  try {
    operations = pb.Definition.decode(definition).def ?? []
  } catch (cause) {
    throw refuse(`${definition.length} bytes that are not one: ${messageOf(cause)}`, cause)
  }
  if (operations.length === 0 || operations.some(({ length }) => length === 0))
    throw refuse(`${definition.length} bytes without operations`)
}
