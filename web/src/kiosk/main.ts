import "./kiosk-app";
