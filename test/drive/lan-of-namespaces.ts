// A local network of its own: network namespaces on one bridge, with no way to anywhere else. Needs Linux and root.

import { execFileSync } from 'node:child_process'

export class LanOfNamespaces {
  readonly #prefix: string
  readonly #made: string[] = []

  private constructor(prefix: string) {
    this.#prefix = prefix
  }

  /** Why there cannot be one here; empty where there can. */
  static obstacle(): string {
    if (process.platform !== 'linux') return 'network namespaces are Linux'
    if (process.getuid?.() !== 0) return 'network namespaces need root'
    try {
      const name = `banyan-try-${process.pid}`
      ip('netns', 'add', name)
      ip('netns', 'del', name)
      return ''
    } catch (error) {
      return `no network namespaces here: ${error instanceof Error ? error.message.split('\n', 1)[0] : ''}`
    }
  }

  /** Computers 1 to `count`, with addresses 192.168.83.1 and so on, and no default route. */
  static create(count: number): LanOfNamespaces {
    const lan = new LanOfNamespaces(`banyan-lan-${process.pid}`)
    try {
      lan.#build(count)
    } catch (error) {
      lan.remove()
      throw error
    }
    return lan
  }

  name(computer: number): string {
    return `${this.#prefix}-${computer}`
  }

  remove(): void {
    for (const name of this.#made.splice(0)) ip('netns', 'del', name)
  }

  #build(count: number): void {
    const bridge = this.name(0)
    this.#add(bridge)
    ip('-n', bridge, 'link', 'add', 'lan', 'type', 'bridge')
    ip('-n', bridge, 'link', 'set', 'lan', 'up')
    for (let computer = 1; computer <= count; computer++) {
      const name = this.name(computer)
      this.#add(name)
      ip(
        '-n',
        name,
        'link',
        'add',
        'eth0',
        'type',
        'veth',
        'peer',
        'name',
        `port${computer}`,
        'netns',
        bridge,
      )
      ip('-n', bridge, 'link', 'set', `port${computer}`, 'master', 'lan', 'up')
      ip('-n', name, 'addr', 'add', `192.168.83.${computer}/24`, 'dev', 'eth0')
      ip('-n', name, 'link', 'set', 'eth0', 'up')
    }
  }

  #add(name: string): void {
    ip('netns', 'add', name)
    this.#made.push(name)
    ip('-n', name, 'link', 'set', 'lo', 'up')
  }
}

function ip(...args: string[]): void {
  execFileSync('ip', args, { stdio: ['ignore', 'ignore', 'pipe'] })
}
