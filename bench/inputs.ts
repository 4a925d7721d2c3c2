import { randomFill } from 'node:crypto'
import { mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

/** So many files per directory as a large project has, rather than all in one. */
const filesPerFolder = 500

/** Makes a directory with `count` files of `size` random bytes. */
export async function manyFiles(folder: string, count: number, size: number): Promise<string> {
  for (let first = 0; first < count; first += filesPerFolder) {
    const subfolder = join(folder, `folder-${first / filesPerFolder}`)
    await mkdir(subfolder, { recursive: true })
    const numbers = Array.from({ length: Math.min(filesPerFolder, count - first) }, (_, i) => first + i)
    await Promise.all(
      numbers.map(async (number) => writeFile(join(subfolder, `file-${number}`), await randomBytes(size))),
    )
  }
  return folder
}

/** Makes a directory with one file of random bytes. */
export async function oneFile(folder: string, size: number): Promise<string> {
  await mkdir(folder, { recursive: true })
  await using file = await open(join(folder, 'file'), 'wx')
  const chunk = 4 << 20
  for (let at = 0; at < size; at += chunk) await file.writeFile(await randomBytes(Math.min(chunk, size - at)))
  return folder
}

function randomBytes(size: number): Promise<Uint8Array> {
  return promisify(randomFill)(new Uint8Array(size)) as Promise<Uint8Array>
}
