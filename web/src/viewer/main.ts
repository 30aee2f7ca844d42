import "./viewer-app";
