import { lstat, readdir, readFile, readlink } from 'node:fs/promises'

/**
 * What is in a directory, by path: `dir 755`, `file 644 "text"`, `link -> target`. Names are byte strings, so that
 * those that are not UTF-8 can be told apart. Contents of more than 60 bytes are given as their length.
 */
export async function treeOf(root: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  await describe(Buffer.from(root), '', found)
  return found
}

async function describe(directory: Buffer, prefix: string, found: Record<string, string>): Promise<void> {
  const names = await readdir(directory, { encoding: 'buffer' })
  for (const name of names.sort(Buffer.compare)) {
    const path = Buffer.concat([directory, Buffer.from('/'), name])
    const key = prefix + name.toString('latin1')
    const stats = await lstat(path)
    const mode = (stats.mode & 0o7777).toString(8)
    if (stats.isSymbolicLink()) {
      found[key] = `link -> ${(await readlink(path, { encoding: 'buffer' })).toString('latin1')}`
    } else if (stats.isDirectory()) {
      found[key] = `dir ${mode}`
      await describe(path, `${key}/`, found)
    } else {
      found[key] = stats.isFile() ? `file ${mode} ${summary(await readFile(path))}` : `special ${mode}`
    }
  }
}

function summary(content: Buffer): string {
  return content.length > 60 ? `of ${content.length} bytes` : JSON.stringify(content.toString())
}
