// Installed systemd units start this file.
await import('./bin/start.js');
