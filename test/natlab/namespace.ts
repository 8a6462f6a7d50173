// One network namespace of the lab: a computer of its own as far as the network goes. Commands go to iproute2, nft and
// sysctl; they fail loudly, with what the tool said.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process'

/** Enough for a rule set with a table of 4,096 ports. */
const MAX_OUTPUT_BYTES = 16 * 1024 * 1024

export class Namespace {
  /** What it is called in the lab. */
  readonly name: string
  /** What the kernel knows it by. */
  readonly fullName: string

  constructor(name: string, fullName: string) {
    this.name = name
    this.fullName = fullName
  }

  /** Lines for `ip -batch`, run in order inside the namespace. */
  ip(...lines: string[]): void {
    runTool('ip', ['-netns', this.fullName, '-batch', '-'], `${lines.join('\n')}\n`)
  }

  /** A command inside the namespace; its output. Throws with the output where it fails. */
  run(command: string, ...args: string[]): string {
    return runTool('ip', ['netns', 'exec', this.fullName, command, ...args])
  }

  /** Loads rules; what they define anew they should delete first. */
  nft(rules: string): void {
    runTool('ip', ['netns', 'exec', this.fullName, 'nft', '-f', '-'], rules)
  }

  /** Kernel parameters of this namespace alone, by their sysctl names. */
  set(parameters: Record<string, number | string>): void {
    this.run('sysctl', '-qw', ...Object.entries(parameters).map(([name, value]) => `${name}=${value}`))
  }

  /** A program that lives in the namespace, with pipes for its input and output. The Lab ends it at the latest. */
  spawn(command: string, ...args: string[]): ChildProcess {
    // `ip netns exec` becomes the program, so the process id is the program's own and signals reach it.
    return spawn('ip', ['netns', 'exec', this.fullName, command, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
    })
  }
}

/** Runs a tool to its end. Throws an error that holds the command and what the tool said. */
export function runTool(command: string, args: readonly string[], input = ''): string {
  try {
    return execFileSync(command, args, {
      input,
      encoding: 'utf8',
      stdio: ['pipe', 'pipe', 'pipe'],
      maxBuffer: MAX_OUTPUT_BYTES,
    })
  } catch (cause) {
    const said = String((cause as { stderr?: string }).stderr ?? '').trim() || String(cause)
    throw new Error(`${command} ${args.join(' ')}: ${said}\n${input.slice(0, 2_000)}`, { cause })
  }
}
