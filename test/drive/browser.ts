// The browser that the stories are played in: Debian's Chromium, else the machine's own Chrome.

import { existsSync } from 'node:fs'
import { type LaunchOptions } from 'playwright-core'

const CHROMIUM = process.env.BANYAN_TEST_CHROMIUM ?? '/usr/bin/chromium'

export function browserOptions(): LaunchOptions {
  return {
    ...(existsSync(CHROMIUM) ? { executablePath: CHROMIUM } : { channel: 'chrome' }),
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  }
}
