// The parts used of native modules that ship no types.
declare module 'sodium-native' {
  type Bytes = Uint8Array
  const sodium: {
    crypto_generichash(out: Bytes, input: Bytes, key?: Bytes): void
    crypto_generichash_batch(out: Bytes, inputs: Bytes[], key?: Bytes): void
    crypto_auth(out: Bytes, input: Bytes, key: Bytes): void
    crypto_auth_verify(tag: Bytes, input: Bytes, key: Bytes): boolean
    crypto_sign_seed_keypair(publicKey: Bytes, secretKey: Bytes, seed: Bytes): void
    crypto_sign_detached(signature: Bytes, message: Bytes, secretKey: Bytes): void
    crypto_sign_verify_detached(signature: Bytes, message: Bytes, publicKey: Bytes): boolean
    crypto_scalarmult_base(publicKey: Bytes, secretKey: Bytes): void
    crypto_aead_chacha20poly1305_ietf_encrypt(
      out: Bytes,
      plaintext: Bytes,
      associated: Bytes | null,
      secretNonce: null,
      nonce: Bytes,
      key: Bytes,
    ): number
    crypto_aead_chacha20poly1305_ietf_decrypt(
      out: Bytes,
      secretNonce: null,
      sealed: Bytes,
      associated: Bytes | null,
      nonce: Bytes,
      key: Bytes,
    ): number
    crypto_pwhash(
      out: Bytes,
      password: Bytes,
      salt: Bytes,
      operations: number,
      memory: number,
      algorithm: number,
    ): void
    crypto_pwhash_async(
      out: Bytes,
      password: Bytes,
      salt: Bytes,
      operations: number,
      memory: number,
      algorithm: number,
      callback: (error: Error | null) => void,
    ): void
    readonly crypto_pwhash_ALG_ARGON2ID13: number
    crypto_secretbox_easy(out: Bytes, message: Bytes, nonce: Bytes, key: Bytes): void
    crypto_secretbox_open_easy(out: Bytes, sealed: Bytes, nonce: Bytes, key: Bytes): boolean
    randombytes_buf(out: Bytes): void
    randombytes_uniform(bound: number): number
    sodium_memzero(bytes: Bytes): void
  }
  export default sodium
}

declare module 'noise-handshake' {
  interface NoiseKeyPair {
    publicKey: Uint8Array
    secretKey: Uint8Array
  }
  export default class Noise {
    constructor(pattern: 'IK' | 'XX', initiator: boolean, staticKeyPair: NoiseKeyPair)
    initialise(prologue: Uint8Array, remoteStatic?: Uint8Array): void
    send(payload?: Uint8Array): Uint8Array
    recv(message: Uint8Array): Uint8Array
    /** The ephemeral pair; drawn at the first send where it is still null. */
    e: NoiseKeyPair | null
    readonly rs: Uint8Array
    readonly tx: Uint8Array
    readonly rx: Uint8Array
    readonly complete: boolean
  }
}

declare module 'nat-pmp' {
  import { type Socket, type RemoteInfo } from 'node:dgram'
  import { type EventEmitter } from 'node:events'
  export interface NatPmpReply {
    /** Seconds since the router's table began. */
    epoch: number
    ip?: number[]
    internal?: number
    external?: number
    /** Seconds. */
    ttl?: number
  }
  /** `code` is the router's result code (RFC 6886 §3.5), or a system error's name. */
  export type NatPmpDone = (error: (Error & { code?: number | string }) | null, reply?: NatPmpReply) => void
  interface PortOptions {
    type: 'udp' | 'tcp'
    private: number
    public: number
    ttl?: number
  }
  export interface NatPmpClient extends EventEmitter {
    readonly socket: Socket
    externalIp(done: NatPmpDone): void
    portMapping(options: PortOptions, done: NatPmpDone): void
    portUnmapping(options: PortOptions, done: NatPmpDone): void
    onmessage(message: Uint8Array, from: RemoteInfo): void
    close(): void
  }
  const natPmp: { CLIENT_PORT: number; SERVER_PORT: number; connect(gateway: string): NatPmpClient }
  export default natPmp
}

declare module '@silentbot1/nat-api/lib/upnp/index.js' {
  export interface UpnpDevice {
    /** Of its description, as it answered the search. */
    url: string
    /** One SOAP action; its answer's body. Rejects with the router's words for a refusal. */
    run(action: string, parameters: [string, string | number][]): Promise<Record<string, unknown>>
    /** Reads the description; `run` asks it for the URL it sends the action to. */
    _getService(types: readonly string[]): Promise<{ service: string; SCPDURL: string; controlURL: string }>
  }
  export default class Client {
    /** `address`: of the interface by which it was found. Rejects after 1.8 s. */
    findGateway(): Promise<{ gateway: UpnpDevice; address: string }>
    destroy(): Promise<unknown>
  }
}

declare module 'multicast-dns' {
  import { type EventEmitter } from 'node:events'
  import { type RemoteInfo } from 'node:dgram'
  interface DnsQuestion {
    name: string
    type: string
  }
  export type DnsRecord =
    | { name: string; type: 'PTR'; ttl?: number; data: string }
    | { name: string; type: 'SRV'; ttl?: number; data: { port: number; target: string } }
    | { name: string; type: 'TXT'; ttl?: number; data: (string | Uint8Array)[] }
  export interface DnsPacket {
    type: 'query' | 'response'
    questions: DnsQuestion[]
    answers: DnsRecord[]
    additionals: DnsRecord[]
  }
  export interface MulticastDns extends EventEmitter {
    on(event: 'packet', listener: (packet: DnsPacket, from: RemoteInfo) => void): this
    on(event: 'error' | 'warning', listener: (error: Error) => void): this
    query(questions: DnsQuestion[]): void
    respond(answers: DnsRecord[]): void
    destroy(): void
  }
  export default function multicastDns(options: {
    interface: string
    bind: string
    port: number
    ttl: number
  }): MulticastDns
}
