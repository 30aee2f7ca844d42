"""What the kiosk page needs from the booth, and what it shows. The page's own types are in `web/src/wire/booth.ts`."""
