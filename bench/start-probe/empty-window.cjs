const { app, BrowserWindow } = require('electron')

app.setPath('userData', process.argv[process.argv.indexOf('--data') + 1])
const page = '<!doctype html><title>empty</title><button>A button</button>'
app
  .whenReady()
  .then(() =>
    new BrowserWindow({ width: 1080, height: 740 }).loadURL(`data:text/html,${encodeURIComponent(page)}`),
  )
