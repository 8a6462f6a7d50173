import { endedSilently } from '../main/overlay/transport/session-end.ts'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { qlogFolder } from '../main/qlog-folder.ts'

const session = { peer: 'ab'.repeat(32), ownConnectionId: 7, isInitiator: true, startMs: 5, startWallMs: 0 }
const log = { log: vi.fn() }
let folder: string

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'banyan-qlog-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

describe('the folder for traces', () => {
  it('is made, and gets a file for each session', async () => {
    const traces = path.join(folder, 'a', 'b')
    const tracer = await qlogFolder(traces, log)
    tracer(session)!.closed({ ...endedSilently('done'), undeliveredBytes: 0 }, 6)
    tracer({ ...session, ownConnectionId: 8 })!.closed({ ...endedSilently('silent'), undeliveredBytes: 0 }, 7)
    await vi.waitFor(() => {
      const files = readdirSync(traces)
      expect(files).toEqual([
        '1970-01-01T000000.000Z-abababab-00000007.sqlog',
        '1970-01-01T000000.000Z-abababab-00000008.sqlog',
      ])
      const lines = files.map((file) => readFileSync(path.join(traces, file), 'utf8').trimEnd().split('\n'))
      expect(lines.map((each) => each.length)).toEqual([2, 2])
      expect(lines[1]![1]).toContain('silent')
    })
  })

  it('that cannot be made is refused in words', async () => {
    const file = path.join(folder, 'file')
    writeFileSync(file, '')
    await expect(qlogFolder(path.join(file, 'traces'), log)).rejects.toMatchObject({ code: 'not-found' })
  })

  it('that has gone ends the trace and says so', async () => {
    const tracer = await qlogFolder(path.join(folder, 'gone'), log)
    rmSync(path.join(folder, 'gone'), { recursive: true })
    const trace = tracer(session)!
    await vi.waitFor(() =>
      expect(log.log).toHaveBeenCalledWith('warn', 'qlog', expect.any(String), expect.anything()),
    )
    trace.probeTimeout(6)
    trace.closed({ ...endedSilently('done'), undeliveredBytes: 0 }, 7)
  })
})
