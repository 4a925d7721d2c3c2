import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { findExecutable } from '../../src/daemon/executable.ts'
import { debianPackages } from './debian.ts'

/** A busybox that runs in an image with nothing else in it: what the demo and the tests have for a base. */
export async function staticBusybox(): Promise<string> {
  const installed = await findExecutable('busybox', process.env.PATH)
  if (installed !== undefined && (await isStatic(installed))) return installed
  return join(await debianPackages('busybox-static'), 'bin/busybox')
}

/** Whether an ELF file asks for no loader: none of its program headers is of type PT_INTERP. */
async function isStatic(path: string): Promise<boolean> {
  await using file = await open(path)
  const { buffer: head } = await file.read(Buffer.alloc(4096), 0, 4096, 0)
  if (head.readUInt32BE(0) !== elfMagic || head[4] !== elf64LittleEndian.class) return false
  if (head[5] !== elf64LittleEndian.data) return false
  const first = Number(head.readBigUInt64LE(32))
  const size = head.readUInt16LE(54)
  const count = head.readUInt16LE(56)
  if (first + size * count > head.length) return false
  for (let i = 0; i < count; i++)
    if (head.readUInt32LE(first + i * size) === programHeaderInterp) return false
  return true
}

/** elf(5): e_ident, and p_type of the program header that names the loader. */
const elfMagic = 0x7f454c46
const elf64LittleEndian = { class: 2, data: 1 }
const programHeaderInterp = 3
