import { describe, expect, it } from 'vitest'
import { LossEpisode } from '../../../../main/overlay/transport/congestion/loss-episode.ts'
import { type SentPacket, takePacket } from '../../../../main/overlay/transport/congestion/sent-packet.ts'

function lose(episode: LossEpisode, numbers: number[], nowMs: number): void {
  for (const number of numbers) episode.add(takePacket(number, 1_000, [], number), nowMs)
}

describe('a loss episode', () => {
  it('was none when every packet of it has come late', () => {
    const episode = new LossEpisode()
    lose(episode, [3, 4, 7], 50)
    const late: SentPacket[] = []
    expect(episode.settle([{ first: 4, last: 6 }], late)).toBe(false)
    expect(episode.settle([{ first: 8, last: 9 }], late)).toBe(false)
    const ranges = [
      { first: 7, last: 9 },
      { first: 0, last: 5 },
    ]
    expect(episode.settle(ranges, late)).toBe(true)
    expect(late.map(({ number }) => number)).toEqual([4, 3, 7])
    expect(episode.settle(ranges, late)).toBe(false)
  })

  it('is over when a packet is lost that was sent after it was noticed', () => {
    const episode = new LossEpisode()
    lose(episode, [3], 50)
    lose(episode, [60], 90)
    const late: SentPacket[] = []
    expect(episode.settle([{ first: 3, last: 3 }], late)).toBe(false)
    expect(late).toEqual([])
    expect(episode.settle([{ first: 60, last: 60 }], late)).toBe(true)
  })

  it('is genuine once it is larger than what is followed', () => {
    const episode = new LossEpisode()
    lose(
      episode,
      Array.from({ length: 100 }, (_, i) => i),
      200,
    )
    expect(episode.settle([{ first: 0, last: 99 }], [])).toBe(false)
  })
})
