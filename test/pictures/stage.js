// In the page of the local Discord: shows one message and nothing else.
const { drawMessage } = await import(new URL('message.js', document.baseURI).href);

globalThis.showScene = async ({ message, now, names, rooms }) => {
  const world = { locale: 'en-US', now, names, rooms: new Map(Object.entries(rooms)) };
  const scene = document.createElement('div');
  scene.id = 'scene';
  scene.append(drawMessage(message, { world: { ...world, roles: new Map() }, commands: [] }));
  document.querySelector('#scene')?.remove();
  document.body.append(scene);
  await document.fonts.ready;
};
