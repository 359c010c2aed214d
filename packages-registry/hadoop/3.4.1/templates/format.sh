# Formats the file system: once in its life. The mark says that it was begun on this very volume and not finished: no name node has
# started since, so it may be done again. What was formatted is never formatted again, by nobody.
. ./hadoop.sh
mark=name-data/formatting
if [ -f name-data/image/current/VERSION ] && [ ! -f $mark ]; then
  echo 'it is formatted already'
  exit 0
fi
again=''
if [ -f $mark ]; then again=-force; fi
touch $mark
# In a shell of its own: `hadoop` becomes the program.
( hadoop "$NAME_HEAP" '' $hdfs.server.namenode.NameNode $IDENTITY -format -nonInteractive $again )
sync name-data 2> /dev/null || true
rm $mark
