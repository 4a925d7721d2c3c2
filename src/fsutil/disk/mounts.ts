import { readFileSync, readlinkSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * File systems whose calls can hang without an end, because somebody else answers them: a server, or another program.
 * Those of the kernel's own disks end in an error at the latest.
 */
const remote =
  /^(nfs4?|cifs|smb3|smbfs|9p|virtiofs|ceph|afs|lustre|gpfs|beegfs|orangefs|coda|vboxsf|prl_fs|autofs|fuse(\..+)?)$/

/** Programs that answer for the whole of a container, or for every user; without them nothing works anyway. */
const local = /^fuse\.(fuse-overlayfs|lxcfs)$/

/**
 * True when a directory is on a file system that can hang, or has one mounted in it; false too where the system does not
 * say (anywhere but on Linux). Touches nothing on such a file system.
 */
export function mayHang(directory: string): boolean {
  const mounts = remoteMounts(mountTable())
  return mounts.length > 0 && isOnOneOf(mounts, directory)
}

/** True when a directory is on one of the mounts, or has one in it. */
export function isOnOneOf(mounts: readonly string[], directory: string): boolean {
  const path = realPath(resolve(directory), mounts)
  return path === undefined || mounts.some((mount) => isIn(mount, path))
}

/** The mount points of such file systems in a table as `/proc/self/mountinfo` is (`proc_pid_mountinfo(5)`). */
export function remoteMounts(table: string): string[] {
  const mounts: string[] = []
  for (const line of table.split('\n')) {
    const [mount, type] = [line.split(' ')[4], line.split(' - ')[1]?.split(' ')[0]]
    if (mount !== undefined && type !== undefined && remote.test(type) && !local.test(type))
      mounts.push(
        mount.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8))),
      )
  }
  return mounts
}

function mountTable(): string {
  if (process.platform !== 'linux') return ''
  try {
    return readFileSync('/proc/self/mountinfo', 'utf8')
  } catch {
    return ''
  }
}

/** Without links; nothing when the way there leads through one of the mounts. */
function realPath(path: string, mounts: readonly string[]): string | undefined {
  let real = ''
  const names = path.split('/').filter((name) => name !== '')
  for (let links = 0; names.length > 0; ) {
    const next = `${real}/${names.shift()}`
    if (mounts.some((mount) => isIn(next, mount))) return undefined
    const target = linkTarget(next)
    if (target === undefined) real = next
    else if (++links > mostLinks) return real
    else {
      names.unshift(
        ...resolve(`${real}/`, target)
          .split('/')
          .filter((name) => name !== ''),
      )
      real = ''
    }
  }
  return real === '' ? '/' : real
}

const mostLinks = 40

function linkTarget(path: string): string | undefined {
  try {
    return readlinkSync(path)
  } catch {
    return undefined
  }
}

function isIn(path: string, directory: string): boolean {
  return path === directory || directory === '/' || path.startsWith(`${directory}/`)
}
