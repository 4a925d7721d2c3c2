import { createHmac, createPrivateKey, createPublicKey, type KeyObject, randomBytes, sign } from 'node:crypto'
import { constants, open, readFile, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setBounded } from '../../base/bounded-map.ts'
import { systemCode } from '../../base/errors.ts'

/**
 * The Ed25519 key by which the daemon tells clients apart: it uses a token that it has cached for one client
 * for another only if that one holds the same key (moby/buildkit `session/auth/authprovider`). The key comes
 * from the daemon's salt and a secret seed of ours; without a seed it is the same for everyone, as a token
 * without credentials is.
 */
export function authorityKey(salt: Uint8Array, seed: Uint8Array | undefined): KeyObject {
  const secret = createHmac('sha256', salt)
    .update(seed ?? new Uint8Array())
    .digest()
  return createPrivateKey({ key: Buffer.concat([pkcs8Ed25519, secret]), format: 'der', type: 'pkcs8' })
}

/** Everything that stands before the 32 bytes of an Ed25519 key in PKCS #8 (RFC 8410). */
const pkcs8Ed25519 = Buffer.from('302e020100300506032b657004220420', 'hex')

/** The 32 bytes of the public key. */
export function publicKeyOf(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32)
}

/** The 64 bytes of the signature, then the payload, as NaCl's `sign` has it. */
export function signed(key: KeyObject, payload: Uint8Array): Buffer {
  return Buffer.concat([sign(null, payload, key), payload])
}

/** As long as the other clients of BuildKit make them. */
const seedBytes = 16
const maxHosts = 256

/**
 * One seed per registry. With a folder they are kept in its `.token_seed`, which BuildKit's other clients
 * read and write too, so that the daemon's tokens outlive this process; where it cannot be used, and without
 * a folder, in memory.
 */
export class TokenSeeds {
  readonly #dir: () => string | undefined
  readonly #seeds = new Map<string, Promise<Buffer>>()

  /** `dir` is asked when a seed is needed. */
  constructor(dir: () => string | undefined = () => undefined) {
    this.#dir = dir
  }

  /** The seed of a registry; the same one every time. Never throws. */
  seedOf(host: string): Promise<Buffer> {
    const seed = this.#seeds.get(host) ?? this.#find(host)
    setBounded(this.#seeds, host, seed, maxHosts)
    return seed
  }

  async #find(host: string): Promise<Buffer> {
    try {
      const dir = this.#dir()
      if (dir === undefined) return randomBytes(seedBytes)
      const file = join(dir, '.token_seed')
      return seedIn(await storedSeeds(file), host) ?? (await addSeed(file, host))
    } catch {
      return randomBytes(seedBytes)
    }
  }
}

type StoredSeeds = Record<string, unknown>

/** What the file holds; a missing or broken one holds nothing. */
async function storedSeeds(file: string): Promise<StoredSeeds> {
  try {
    const value: unknown = JSON.parse(await readFile(file, 'utf8'))
    return typeof value === 'object' && value !== null ? { ...value } : {}
  } catch (error) {
    if (error instanceof SyntaxError || systemCode(error) === 'ENOENT') return {}
    throw error
  }
}

function seedIn(seeds: StoredSeeds, host: string): Buffer | undefined {
  const entry = Object.hasOwn(seeds, host) ? (seeds[host] as { Seed?: unknown } | null) : undefined
  return typeof entry?.Seed === 'string' ? Buffer.from(entry.Seed, 'base64') : undefined
}

/**
 * Adds a seed unless another process has been faster. The file is written in place: it may be a link, shared with a
 * group, or owned by another user, and must stay so.
 */
async function addSeed(file: string, host: string): Promise<Buffer> {
  const lock = `${file}.new`
  await claim(lock)
  try {
    const seeds = await storedSeeds(file)
    const stored = seedIn(seeds, host)
    if (stored !== undefined) return stored
    const seed = randomBytes(seedBytes)
    const all = { ...seeds, [host]: { Seed: seed.toString('base64') } }
    await overwrite(file, Buffer.from(JSON.stringify(all, undefined, 2)))
    return seed
  } finally {
    await unlink(lock)
  }
}

/** Cut to its length only afterwards, so that no reader finds it empty. */
async function overwrite(file: string, bytes: Buffer): Promise<void> {
  await using handle = await open(file, constants.O_RDWR | constants.O_CREAT, 0o600)
  await handle.write(bytes, 0, bytes.length, 0)
  await handle.truncate(bytes.length)
}

const claimTries = 50
const claimPauseMs = 20
/** A claim this old was left behind by a process that has died. */
const staleClaimMs = 10_000

/**
 * Locks the seeds by creating a file beside them. The Go client locks another one by `flock`, which Node has no call
 * for; against that client, the worst is a seed that is made anew.
 */
async function claim(lock: string): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      await (await open(lock, 'wx', 0o600)).close()
      return
    } catch (error) {
      if (systemCode(error) !== 'EEXIST' || tries === claimTries) throw error
    }
    await sleep(claimPauseMs)
    await removeStale(lock)
  }
}

async function removeStale(lock: string): Promise<void> {
  try {
    if (Date.now() - (await stat(lock)).mtimeMs > staleClaimMs) await unlink(lock)
  } catch {
    // Gone already: the next try will tell.
  }
}
