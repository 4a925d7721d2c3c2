import type * as fs from 'node:fs'
import { isBuildkitError, systemCode } from '../../base/errors.ts'
import { type ByteString, systemPath } from '../byte-string.ts'
import { GoMode, goMode, isDirectory, isRegular } from '../mode.ts'
import type { Filter } from '../patterns/filter.ts'
import type { FilterTree } from './filter-tree.ts'
import { type Found, type Listing, ListingWriter } from './listing.ts'
import { exact, inDirectory, namesAt, type Root, readLinkAt } from './root.ts'
import type { Procedure } from './system-calls.ts'
import { isForbidden, isGone, isNoLink, systemErrorOf } from './system-error.ts'

/**
 * Lists directories and those found in them, depth first, until there are so many rows; at least one directory. What
 * has vanished meanwhile is left out.
 */
export function* list(
  root: Root,
  filters: FilterTree,
  directories: readonly ByteString[],
  rows: number,
): Procedure<Listing> {
  const writer = new ListingWriter()
  const stack = directories.toReversed()
  do {
    const directory = stack.pop()!
    const below = yield* listOne(root, filters, directory, writer)
    for (let index = below.length; index > 0; index--) stack.push(below[index - 1]!)
  } while (stack.length > 0 && writer.rows < rows)
  return writer.finish(stack.reverse())
}

/** Returns the directories in it that are to be looked into. */
function* listOne(
  root: Root,
  filters: FilterTree,
  directory: ByteString,
  writer: ListingWriter,
): Procedure<ByteString[]> {
  const below: ByteString[] = []
  // A pattern that cannot be read is no failure of the disk.
  const filter = filters.take(directory)
  let failed = directory
  let lookedAt = 0
  const look = function* (at: ByteString): Procedure<void> {
    for (const name of yield* namesAt(at)) {
      const path = directory === '' ? name : `${directory}/${name}`
      const isSent = filter.sends(path)
      let inside: Filter | undefined
      if (!isSent) {
        inside = filter.enter(path)
        if (inside === undefined) continue
      }
      failed = path
      const found = yield* lookAt(`${at}/${name}`, name, path, isSent)
      if (found === undefined) continue
      failed = directory
      lookedAt++
      if (!isDirectory(found.stat.mode)) {
        if (isSent) writer.add(found)
        continue
      }
      inside ??= filter.enter(path)
      if (inside !== undefined) {
        filters.put(path, inside)
        below.push(path)
      }
      if (isSent) writer.add(found, inside === undefined ? undefined : path)
      else writer.addOnDemand(found, path)
    }
  }
  try {
    yield* inDirectory(root, directory, look)
    writer.endDirectory(directory, lookedAt)
    return below
  } catch (error) {
    if (isBuildkitError(error) || systemCode(error) === undefined) throw error
    writer.failDirectory(directory, { path: failed, error: systemErrorOf(error) })
    return []
  }
}

/** Nothing for what is gone, and for what may not be looked at if it is not to be sent itself. */
function* lookAt(
  at: ByteString,
  name: ByteString,
  path: ByteString,
  isSent: boolean,
): Procedure<Found | undefined> {
  try {
    const stats: fs.BigIntStats = yield ['lstat', systemPath(at), exact]
    const linkname = stats.isSymbolicLink() ? yield* readLinkAt(at) : ''
    return foundOf(name, path, stats, linkname)
  } catch (error) {
    const reason = systemErrorOf(error)
    if (isGone(reason) || isNoLink(reason) || (!isSent && isForbidden(reason))) return undefined
    throw error
  }
}

function foundOf(name: ByteString, path: ByteString, stats: fs.BigIntStats, linkname: ByteString): Found {
  const mode = goMode(Number(stats.mode))
  const node = (mode & GoMode.device) === 0 ? 0n : stats.rdev
  const stat = {
    path,
    // A socket travels as an empty file: no layer could hold it.
    mode: (mode & ~GoMode.socket) >>> 0,
    // A context does not depend on who has checked it out.
    uid: 0,
    gid: 0,
    size: isDirectory(mode) ? 0 : Number(stats.size),
    modTime: stats.mtimeNs,
    linkname,
    devmajor: Number((node >> 8n) & 0xfffn),
    devminor: Number((node & 0xffn) | ((node >> 12n) & 0xfff00n)),
  }
  if (!isRegular(mode)) return { name, stat }
  return { name, stat, inode: { device: stats.dev, number: stats.ino, isShared: stats.nlink > 1n } }
}
