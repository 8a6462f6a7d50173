import { describe, expect, it } from 'vitest'
import { type Prekeys, type RatchetSelf, type RatchetStorage } from '../../main/chat/ports/ratchet.ts'
import { SignalRatchet } from '../../main/host/signal-ratchet.ts'
import { BanyanError } from '../../main/overlay/base/errors.ts'
import { type Bytes, toHex, utf8 } from '../../main/overlay/base/bytes.ts'

const ratchet = new SignalRatchet()

class Device implements RatchetStorage {
  readonly sessions = new Map<string, Bytes>()
  readonly prekeys = new Map<number, Prekeys>()
  readonly claimed = new Set<string>()
  self!: RatchetSelf
  identityKey!: Bytes

  static async make(name: string): Promise<Device> {
    const device = new Device()
    device.self = { name, identity: await ratchet.newIdentity() }
    device.identityKey = await ratchet.identityKeyOf(device.self.identity)
    device.prekeys.set(7, await ratchet.newPrekeys(device.self.identity, 7, 1_800_000_000_000))
    return device
  }

  get peer() {
    return { name: this.self.name, identityKey: this.identityKey }
  }

  bundle = () => ratchet.bundleOf(this.self.identity, this.prekeys.get(7)!)
  loadSession = async (name: string): Promise<Bytes | undefined> => this.sessions.get(name)
  saveSession = (name: string, session: Bytes) => void this.sessions.set(name, session)
  loadPrekeys = async (id: number): Promise<Prekeys | undefined> => this.prekeys.get(id)
  claimBaseKey = async (_: number, key: Bytes): Promise<boolean> =>
    !this.claimed.has(toHex(key)) && !!this.claimed.add(toHex(key))
  seal = (to: Device, text: string) => ratchet.encrypt(this.self, to.peer, utf8(text), this)
  open = (from: Device, sealed: Awaited<ReturnType<Device['seal']>>) =>
    ratchet.decrypt(this.self, from.peer, sealed, this)
}

describe('the ratchet over libsignal', () => {
  it('begins with a bundle, and becomes an ordinary session with the first answer', async () => {
    const [alice, bob] = [await Device.make('a'), await Device.make('b')]
    await expect(alice.seal(bob, 'x')).rejects.toMatchObject({ code: 'no-prekeys' })
    await ratchet.begin(alice.self, bob.peer, await bob.bundle(), alice)
    const first = await alice.seal(bob, 'hello')
    expect(first.kind).toBe('first')
    expect(await bob.open(alice, first)).toEqual(utf8('hello'))
    expect(await alice.open(bob, await bob.seal(alice, 'back'))).toEqual(utf8('back'))
    expect((await alice.seal(bob, 'on')).kind).toBe('ratchet')
  })

  it('refuses repeats, replays of a first message, other identities, and what no key fits', async () => {
    const [alice, bob, eve] = [await Device.make('a'), await Device.make('b'), await Device.make('e')]
    const bundle = await bob.bundle()
    const swapped = { ...bundle, identityKey: eve.identityKey }
    await expect(ratchet.begin(alice.self, bob.peer, swapped, alice)).rejects.toMatchObject({
      code: 'untrusted-identity',
    })
    const forged = { ...bundle, signedPrekeySignature: bundle.kyberPrekeySignature }
    await expect(ratchet.begin(alice.self, bob.peer, forged, alice)).rejects.toMatchObject({
      code: 'bad-signature',
    })
    await ratchet.begin(alice.self, bob.peer, bundle, alice)
    const first = await alice.seal(bob, 'hello')
    await bob.open(alice, first)
    await expect(bob.open(alice, first)).rejects.toMatchObject({ code: 'refused' })
    bob.sessions.clear()
    await expect(bob.open(alice, first)).rejects.toMatchObject({ code: 'refused' })
    bob.claimed.clear()
    await expect(bob.open(eve, first)).rejects.toMatchObject({ code: 'untrusted-identity' })
    bob.prekeys.clear()
    await expect(bob.open(alice, first)).rejects.toMatchObject({ code: 'not-found' })
    await expect(bob.open(alice, { kind: 'ratchet', bytes: utf8('junk') })).rejects.toMatchObject({
      code: 'not-found',
    })
  })

  it.each(['loadSession', 'loadPrekeys', 'claimBaseKey'] as const)(
    'a disk that fails in %s is not taken for a key that does not fit',
    async (failing) => {
      const [alice, bob] = [await Device.make('a'), await Device.make('b')]
      await ratchet.begin(alice.self, bob.peer, await bob.bundle(), alice)
      const first = await alice.seal(bob, 'hello')
      const damage = new BanyanError('store-damaged', 'a block cannot be read')
      Object.assign(bob, { [failing]: () => Promise.reject(damage) })
      await expect(bob.open(alice, first)).rejects.toBe(damage)
    },
  )

  it('saves nothing where it fails', async () => {
    const [alice, bob] = [await Device.make('a'), await Device.make('b')]
    await ratchet.begin(alice.self, bob.peer, await bob.bundle(), alice)
    const sealed = await alice.seal(bob, 'hello')
    sealed.bytes[sealed.bytes.length - 10]! ^= 1
    await expect(bob.open(alice, sealed)).rejects.toThrow()
    expect(bob.sessions.size).toBe(0)
  })
})
