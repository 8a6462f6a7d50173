import { describe, expect, it } from 'vitest'
import { parseOptions, sized, UsageError } from '../../simulator/options.ts'

const NAMES = ['reach', 'churn']

describe('the command line of the simulator', () => {
  it('has a default for everything', () => {
    expect(parseOptions(['reach'], NAMES)).toMatchObject({
      experiment: 'reach',
      nodes: 1000,
      nat: 0.85,
      punch: 0.6,
      loss: 0.01,
      topology: 'internet',
      json: false,
    })
  })

  it.each([
    ['--nodes 5000', { nodes: 5000 }],
    ['--nat 0.9 --punch 0', { nat: 0.9, punch: 0 }],
    ['--median-session 2m', { 'median-session': 120 }],
    ['--json --report out/x', { json: true, report: 'out/x' }],
    ['--sizes 10,20', { sizes: [10, 20] }],
    ['--topology grid --one-way .1', { topology: 'grid', 'one-way': 0.1 }],
  ])('understands %s', (line, expected) => {
    expect(parseOptions(['churn', ...line.split(' ')], NAMES)).toMatchObject(expected)
  })

  it.each([
    ['', { checks: 1, settle: 120 }],
    ['--nodes 5000', { checks: 0.2, settle: 120 }],
    ['--nodes 5000 --start direct', { checks: 0.2, settle: 200 }],
    ['--nodes 100000', { checks: 0.01, settle: 200 }],
    ['--nodes 100000 --start grow --checks 1', { checks: 1, settle: 120 }],
    ['--nodes 100000 --settle 30', { checks: 0.01, settle: 30 }],
  ])('takes what is not said in "%s" from what is', (line, expected) => {
    const args = line === '' ? [] : line.split(' ')
    expect(parseOptions(['reach', ...args], NAMES)).toMatchObject(expected)
  })

  it.each([
    ['', { checks: 0.01, settle: 200 }],
    ['--settle 30 --checks 0.5', { checks: 0.5, settle: 30 }],
  ])('has for each size of a series with "%s" what that size would have alone', (line, expected) => {
    const options = parseOptions(['reach', ...(line === '' ? [] : line.split(' '))], NAMES)
    expect(sized(options, 100_000)).toMatchObject({ nodes: 100_000, ...expected })
  })

  it.each([
    ['', 'which experiment? One of: reach, churn'],
    ['fly', 'which experiment? One of: reach, churn'],
    ['reach --height 3', 'unknown option --height; try --help'],
    ['reach 3', 'unknown option 3; try --help'],
    ['reach --nodes', '--nodes needs a value'],
    ['reach --nodes --json', '--nodes needs a value'],
    ['reach --nodes many', '--nodes is a number from 2 to 1000000, not many'],
    ['reach --nodes 2.5', '--nodes is a whole number'],
    ['reach --nodes 2m', '--nodes is a number from 2 to 1000000, not 2m'],
    ['reach --nat 85', '--nat is a number from 0 to 1, not 85'],
    ['reach --topology moon', '--topology is one of internet, grid, cables, not moon'],
  ])('answers "%s" with a sentence', (line, sentence) => {
    const parse = (): unknown => parseOptions(line === '' ? [] : line.split(' '), NAMES)
    expect(parse).toThrow(UsageError)
    expect(parse).toThrow(sentence)
  })
})
