// Which view the window shows, and why.
//
//   starting --+--> damaged --(repair)--> starting
//              +--> first-run --(create)--> phrase --(confirmed)--> ready
//              |         +-----(restore)----------------------------> ready
//              +--> locked --(unlock)--> phrase | ready
//              +--> phrase | ready        (secrets in the keychain)
//              +--> keys-missing --(unlock: try again)--> locked | phrase | ready
//                        +-------(restore)--------------> ready
//   locked --(unlock: the file is cut)--> keys-missing

import { type AppState } from '../../preload/contract.ts'
import { type ChatPorts } from './chat-ports.ts'
import { type SecretStorage } from './ports/secrets.ts'

export type Stage =
  | { stage: 'starting' }
  | { stage: 'damaged'; problem: string }
  | { stage: 'keys-missing'; problem: string }
  | { stage: 'first-run' }
  | { stage: 'locked' }
  | { stage: 'phrase' }
  | { stage: 'ready' }

export class StageMachine {
  readonly #ports: ChatPorts
  #stage: Stage = { stage: 'starting' }
  #secretStorage: SecretStorage
  #backupPath = ''

  constructor(ports: ChatPorts) {
    this.#ports = ports
    this.#secretStorage = ports.secrets.guess()
  }

  get is(): Stage['stage'] {
    return this.#stage.stage
  }

  get state(): AppState {
    const { capabilities, version, profile } = this.#ports
    return {
      stage: this.#stage.stage,
      secretStorage: this.#secretStorage,
      capabilities,
      version,
      profilePath: profile.path,
      problem: 'problem' in this.#stage ? this.#stage.problem : '',
      backupPath: this.#backupPath,
    }
  }

  move(stage: Stage): void {
    this.#stage = stage
    this.#tell()
  }

  secretsAre(storage: SecretStorage): void {
    if (storage === this.#secretStorage) return
    this.#secretStorage = storage
    this.#tell()
  }

  repaired(backupPath: string): void {
    this.#backupPath = backupPath
  }

  #tell(): void {
    this.#ports.emit('app.state', this.state)
  }
}
