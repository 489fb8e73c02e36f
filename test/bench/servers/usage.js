import process from 'node:process';

// Loaded into each process that is measured, before its own code: says what it used, when asked, and
// ends it when nobody can ask any more. JavaScript, as the bare client is: what strips types takes 15 MB.
process.on('message', (message) => {
  if (message !== 'usage') return;
  const { user, system } = process.cpuUsage();
  process.send?.({ cpu: user + system, rss: process.memoryUsage.rss() });
});
process.on('disconnect', () => process.exit());
