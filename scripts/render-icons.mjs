// Draws the PNG icons from resources/icon.svg in a headless Chromium (CHROMIUM names its executable). Run it when the
// drawing has changed; the results are kept in git, so that building needs no browser:
//
//   node scripts/render-icons.mjs

import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright-core'

const resources = path.join(path.dirname(path.dirname(fileURLToPath(import.meta.url))), 'resources')
const folder = path.join(resources, 'icons')
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]

/** The sizes that Linux desktops look for, which are also what electron-builder makes .ico and .icns from. */
const APP_SIZES = [16, 24, 32, 48, 64, 128, 256, 512, 1024]
const TRAY_SIZES = [
  { scale: '', pixels: 22 },
  { scale: '@2x', pixels: 44 },
]
/** macOS colours these itself and reads only their opacity. */
const MENU_BAR_SIZES = [
  { scale: '', pixels: 16 },
  { scale: '@2x', pixels: 32 },
]

const app = fs.readFileSync(path.join(resources, 'icon.svg'), 'utf8')
const outline = fs.readFileSync(path.join(resources, 'tray.svg'), 'utf8')

const DOT =
  '<i style="position:absolute;right:0;top:0;width:45%;height:45%;border-radius:50%;background:#e5484d;box-shadow:0 0 0 1px #fff"></i>'
function pageOf(svg, { dot = false } = {}) {
  return `<!doctype html><style>*{margin:0}html,body{background:transparent}div{position:relative;width:100vw;height:100vh}
    svg{display:block;width:100%;height:100%}</style><div>${svg.replace(/<\?xml.*?\?>/, '')}${dot ? DOT : ''}</div>`
}

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: FLAGS,
})
const page = await browser.newPage()

async function draw(name, pixels, html) {
  await page.setViewportSize({ width: pixels, height: pixels })
  await page.setContent(html)
  await page.screenshot({ path: path.join(folder, name), omitBackground: true })
}

fs.rmSync(folder, { recursive: true, force: true })
fs.mkdirSync(folder, { recursive: true })
for (const size of APP_SIZES) await draw(`${size}x${size}.png`, size, pageOf(app))
for (const { scale, pixels } of TRAY_SIZES) {
  await draw(`tray${scale}.png`, pixels, pageOf(app))
  await draw(`tray-unread${scale}.png`, pixels, pageOf(app, { dot: true }))
}
for (const { scale, pixels } of MENU_BAR_SIZES) {
  await draw(`trayTemplate${scale}.png`, pixels, pageOf(outline))
  await draw(`tray-unreadTemplate${scale}.png`, pixels, pageOf(outline, { dot: true }))
}
await browser.close()
console.log(`drew ${fs.readdirSync(folder).length} files`)
