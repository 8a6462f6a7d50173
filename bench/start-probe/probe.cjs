// Loaded before either program: watches the first window and says when a button in it has been drawn.

const { app } = require('electron')

const DRAWN = `new Promise((resolve) => {
  const look = () =>
    document.querySelector('button:not([disabled])')
      ? requestAnimationFrame(() => requestAnimationFrame(() => resolve(true)))
      : requestAnimationFrame(look)
  look()
})`

app.on('browser-window-created', (_event, window) => {
  window.webContents.once('dom-ready', async () => {
    await window.webContents.executeJavaScript(DRAWN)
    console.log('interactive')
  })
})
