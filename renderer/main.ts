// Finds the bridge, starts the model, shows the window.
import { mount } from 'svelte'
import App from './App.svelte'
import { findBridge } from './bridge.ts'
import { createApi } from '../preload/dispatch.ts'
import { AppModel } from './state/app-model.svelte.ts'

const target = document.getElementById('window')
if (target === null) throw new Error('index.html holds no #window')

const bridge = await findBridge()
if (bridge === null) {
  target.textContent = 'This page belongs to Banyan. Please open it from the Banyan program.'
} else {
  const app = new AppModel(createApi(bridge))
  mount(App, { target, props: { app } })
  void app.start()
}
