byId('plain').remove();
byId('app').hidden = false;
prepareKeys();
preparePut();
showLink('idle', 'connecting');
show(live.status);
prepareLive();
