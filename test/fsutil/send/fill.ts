import { mkdirSync, writeFileSync } from 'node:fs'
import { bytesOf, toByteString } from '../../../src/fsutil/byte-string.ts'

/**
 * Makes files in a directory by their paths (byte strings) with their contents, and the directories they are
 * in. A path that ends with a slash is a directory.
 */
export function fill(root: string, files: Readonly<Record<string, string>>): void {
  for (const [path, contents] of Object.entries(files)) {
    const bytes = bytesOf(`${toByteString(root)}/${path}`)
    const directory = path.endsWith('/') ? bytes : bytes.subarray(0, bytes.lastIndexOf('/'))
    mkdirSync(directory, { recursive: true })
    if (!path.endsWith('/')) writeFileSync(bytes, contents)
  }
}
