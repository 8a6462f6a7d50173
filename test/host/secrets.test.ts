import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { HostSecrets } from '../../main/host/secrets.ts'
import { Keychain } from '../../main/host/keychain.ts'
import { keysError } from '../../main/host/sealed-file.ts'

let folder: string
beforeEach(async () => (folder = await mkdtemp(path.join(os.tmpdir(), 'banyan-secrets-'))))
afterEach(() => rm(folder, { recursive: true, force: true }))

const strength = { operations: 1, memoryKiB: 8 * 1024 }
const SECRETS = Uint8Array.from([1, 2, 3])

function keychain(works: boolean) {
  const entries = new Map<string, string>()
  return {
    entries,
    isLikely: true,
    probe: async () => works,
    get: async (account: string) => entries.get(account),
    set: async (account: string, secret: string) => void entries.set(account, secret),
  }
}

describe('secrets', () => {
  it('go to a keychain that works, and are found again without trying it', async () => {
    const chain = keychain(true)
    const secrets = new HostSecrets(folder, { keychain: chain })
    expect(await secrets.find()).toBeUndefined()
    expect(await secrets.probe()).toBe('keychain')
    await secrets.save(SECRETS)
    const again = new HostSecrets(folder, {
      keychain: { ...chain, probe: () => Promise.reject(new Error('not to be asked')) },
    })
    expect(await again.find()).toBe('keychain')
    expect(await again.load()).toEqual(SECRETS)
    chain.entries.clear()
    await expect(again.load()).rejects.toMatchObject({ code: 'no-account' })
  })

  it('go to a sealed file where there is none', async () => {
    const secrets = new HostSecrets(folder, { keychain: keychain(false), strength })
    expect(await secrets.probe()).toBe('file')
    await expect(secrets.save(SECRETS)).rejects.toMatchObject({ code: 'passphrase-needed' })
    await secrets.save(SECRETS, 'open sesame')
    expect(await readdir(folder)).toEqual(['secrets.sealed'])
    const again = new HostSecrets(folder, { keychain: keychain(true), strength })
    expect(await again.find()).toBe('file')
    await expect(again.load('open')).rejects.toMatchObject({ code: 'wrong-passphrase' })
    expect(await again.load('open sesame')).toEqual(SECRETS)
    await again.save(Uint8Array.of(9))
    expect(await new HostSecrets(folder, { strength }).load('open sesame')).toEqual(Uint8Array.of(9))
  })

  it('in a file that was cut or changed are said to be damaged, or do not open', async () => {
    const secrets = new HostSecrets(folder, { force: 'file', strength })
    await secrets.save(SECRETS, 'open sesame')
    const file = path.join(folder, 'secrets.sealed')
    const whole = await readFile(file)
    for (const length of [0, 7, 40, 60]) {
      await writeFile(file, whole.subarray(0, length))
      await expect(secrets.load('open sesame')).rejects.toMatchObject({ code: 'keys-damaged' })
    }
    for (const [offset, value] of [
      [8, 0],
      [8, 17],
      [12, 0],
      [12, 7],
      [12, 0xffffffff],
    ] as const) {
      const changed = Buffer.from(whole)
      changed.writeUInt32BE(value, offset)
      await writeFile(file, changed)
      await expect(secrets.load('open sesame')).rejects.toMatchObject({ code: 'keys-damaged' })
    }
    whole[whole.length - 1]! ^= 1
    await writeFile(file, whole)
    await expect(secrets.load('open sesame')).rejects.toMatchObject({ code: 'wrong-passphrase' })
  })

  it('that cannot be read say so, and never that the database is damaged', async () => {
    const secrets = new HostSecrets(folder, { force: 'file', strength })
    await mkdir(path.join(folder, 'secrets.sealed')) // readable as a folder, not as a file: EISDIR, also for root
    await expect(secrets.load('open sesame')).rejects.toMatchObject({ code: 'store-failed' })
    const missing = keysError(Object.assign(new Error('ENOENT: no such file'), { code: 'ENOENT' }), 'x')
    expect(missing.code).toBe('keys-damaged')
  })

  it('in a keychain that does not answer ask for the keychain', async () => {
    const broken = { getPassword: () => Promise.reject(new Error('Cannot autolaunch D-Bus')) }
    const silent = new Keychain(async () => broken as never)
    await expect(silent.get('x')).rejects.toMatchObject({ code: 'keychain-silent' })
    await writeFile(path.join(folder, 'secrets.keychain'), 'x')
    await expect(new HostSecrets(folder, { keychain: silent }).load()).rejects.toMatchObject({
      code: 'keychain-silent',
    })
  })

  it('of a machine without a secret service are guessed to go to a file, and the probe does not hang', async () => {
    const kept = process.env['DBUS_SESSION_BUS_ADDRESS']
    process.env['DBUS_SESSION_BUS_ADDRESS'] = 'unix:path=/nowhere/bus'
    try {
      if (process.platform === 'linux') expect(await new Keychain().probe()).toBe(false)
      delete process.env['DBUS_SESSION_BUS_ADDRESS']
      if (process.platform === 'linux') expect(new HostSecrets(folder).guess()).toBe('file')
    } finally {
      if (kept !== undefined) process.env['DBUS_SESSION_BUS_ADDRESS'] = kept
      else delete process.env['DBUS_SESSION_BUS_ADDRESS']
    }
  })
})
