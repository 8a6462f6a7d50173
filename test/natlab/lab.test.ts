import { existsSync, mkdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { Lab, inLab } from './lab.ts'
import { labPrefix } from './leftovers.ts'
import { runTool } from './namespace.ts'
import { passedOver } from './passed-over.ts'
import { whyNoLab } from './why-no-lab.ts'

const whyNot = whyNoLab()
passedOver('the laboratory', whyNot)

/** Past the highest process id that Linux gives (PID_MAX_LIMIT, 4,194,304). */
const NOBODY = 4_999_999

const isThere = (fullName: string): boolean => existsSync(`/run/netns/${fullName}`)

describe.runIf(!whyNot)('the laboratory', () => {
  it('is gone when the work in it fails, with the processes it held', async () => {
    let names: string[] = []
    let child: ReturnType<ReturnType<Lab['namespace']>['spawn']> | undefined
    const work = inLab(async (lab) => {
      const namespace = lab.namespace('one')
      names = [namespace.fullName, lab.folder]
      child = namespace.spawn('sleep', '1000')
      await new Promise((resolve) => child!.once('spawn', resolve))
      expect(isThere(names[0]!)).toBe(true)
      while (!namespace.run('ip', 'netns', 'pids', namespace.fullName).includes(`${child.pid}\n`)) continue
      throw new Error('no luck')
    })
    await expect(work).rejects.toThrow('no luck')
    expect(isThere(names[0]!) || existsSync(names[1]!)).toBe(false)
    await new Promise((resolve) => child!.once('close', resolve))
    expect(child!.signalCode).toBe('SIGKILL')
  })

  it('sweeps what the lab of a killed process has left, and not what one that runs has', () => {
    const [orphan, other] = [`${labPrefix(NOBODY, 1)}one`, `${labPrefix(process.ppid, 1)}one`]
    for (const name of [orphan, other]) runTool('ip', ['netns', 'add', name])
    mkdirSync(path.join(tmpdir(), orphan))
    new Lab().remove()
    expect([isThere(orphan), isThere(other)]).toEqual([false, true])
    expect(existsSync(path.join(tmpdir(), orphan))).toBe(false)
    runTool('ip', ['netns', 'del', other])
  })

  it('has no way out: no route leads past the lab, and no interface into the computer', () => {
    const lab = new Lab()
    const namespace = lab.namespace('alone')
    expect(namespace.run('ip', '-o', 'link').trim().split('\n')).toHaveLength(1) // loopback
    expect(namespace.run('ip', 'route').trim()).toBe('')
    lab.remove()
  })

  it('says what a tool said where a command fails', () => {
    const lab = new Lab()
    expect(() => lab.namespace('one').nft('nonsense')).toThrow(/syntax error/)
    lab.remove()
  })
})
